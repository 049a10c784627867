import { describe, expect, it } from "vitest";
import { goodFacts, goodTarget } from "../../testing/good-plane.ts";
import { parsePolicy } from "../iam-policy.ts";
import { planeStores, planeWorld, stranger } from "./plane-world.ts";
import { reach } from "./reach.ts";
import type { AccessEntry } from "./world.ts";

const allow = (Principal: unknown, Action: string, Condition?: object) =>
  parsePolicy(JSON.stringify({ Statement: [{ Effect: "Allow", Principal, Action, Resource: "*", Condition }] }));

describe("the world of a plane", () => {
  it("keeps a stranger with every right of its own out of every store", () => {
    const world = planeWorld(goodFacts(), [stranger]);
    const reached = planeStores(goodTarget).flatMap(({ resource, actions, context }) =>
      actions.filter((action) => reach(world, stranger.arn, { action, resource, context }).reached !== "no"),
    );
    expect(reached).toEqual([]);
    expect(planeStores(goodTarget).flatMap(({ actions }) => actions).length).toBeGreaterThan(10);
  });

  it.each([
    ["a bucket's policy", "s3:GetObject", "yes"],
    ["a bucket's policy under a condition that nobody can answer here", "s3:GetObject", "possibly"],
  ] as const)("finds the way that %s opens", (_, Action, answer) => {
    const facts = goodFacts();
    const condition = answer === "possibly" ? { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } : undefined;
    for (const bucket of facts.buckets.slice(0, 1)) bucket.policy = allow("*", Action, condition);
    const [store] = planeStores(goodTarget);
    const goal = { action: Action, resource: store?.resource ?? "" };
    expect(reach(planeWorld(facts, [stranger]), stranger.arn, goal).reached).toBe(answer);
  });

  it.each<[AccessEntry["power"], string, string[]]>([
    ["node", "EC2_LINUX", []],
    ["none", "STANDARD", []],
    ["none", "STANDARD", ["AmazonEKSViewPolicy"]],
    ["pods", "STANDARD", ["AmazonEKSViewPolicy", "AmazonEKSEditPolicy"]],
    ["pods", "STANDARD", ["AmazonEKSAdminViewPolicy"]],
    ["pods", "STANDARD", ["AmazonEKSSomethingNewPolicy"]],
    ["cluster-admin", "STANDARD", ["AmazonEKSClusterAdminPolicy"]],
  ])("takes power %s from an entry of type %s with %j", (power, type, names) => {
    const facts = goodFacts();
    const policies = names.map((name) => ({
      arn: `arn:aws:eks::aws:cluster-access-policy/${name}`,
      scope: "cluster",
      namespaces: [],
    }));
    facts.clusterAccess.entries = [{ principalArn: "arn:aws:iam::222222222222:role/x", type, groups: [], policies }];
    expect(planeWorld(facts, []).accessEntries).toEqual([expect.objectContaining({ power })]);
  });

  describe("of the ConfigMap aws-auth", () => {
    const admin = ["system:masters"];
    function entriesBy(mode: string, principalArn: string, groups: string[]) {
      const facts = goodFacts();
      facts.clusterAccess.entries = [];
      facts.cluster.authenticationMode = mode;
      facts.identityMap.identities = [{ principalArn, groups }];
      const names = ["role/team/deep/x", "role/xy", "user/x"];
      const arns = [...names.map((name) => `arn:aws:iam::222222222222:${name}`), "arn:aws:iam::333333333333:role/x"];
      facts.principals.entities = arns.map((arn) => ({ arn, kind: "role", inline: [], attached: [] }));
      return planeWorld(facts, []).accessEntries?.map(({ principalArn: arn, power }) => [arn.slice(13), power]);
    }

    it("takes a role by its name without the path", () => {
      expect(entriesBy("CONFIG_MAP", "arn:aws:iam::222222222222:role/x", admin)).toEqual([
        ["222222222222:role/x", "cluster-admin"],
        ["222222222222:role/team/deep/x", "cluster-admin"],
      ]);
    });

    it("takes everybody of an account", () => {
      const names = entriesBy("API_AND_CONFIG_MAP", "arn:aws:iam::222222222222:root", [])?.map(([arn]) => arn);
      expect(names).toEqual([
        "222222222222:root",
        ...["role/team/deep/x", "role/xy", "user/x"].map((name) => `222222222222:${name}`),
      ]);
    });

    it("takes a node's group", () => {
      expect(entriesBy("CONFIG_MAP", "arn:aws:iam::222222222222:role/n", ["system:nodes"])).toEqual([
        ["222222222222:role/n", "node"],
      ]);
    });

    it("takes nothing where the cluster does not heed it", () => {
      expect(entriesBy("API", "arn:aws:iam::222222222222:role/x", admin)).toEqual([]);
    });
  });
});
