import { describe, expect, it } from "vitest";
import { reach, tell } from "./reach.ts";
import {
  account,
  admin,
  allow,
  arn,
  boundary,
  cases,
  cluster,
  clusters,
  goal,
  me,
  policy,
  provider,
  world,
} from "./testing/escalations.ts";
import type { Entity, World } from "./world.ts";

const tried = (given: World) => reach(given, arn("role/me"), goal);

describe("reach", () => {
  it.each(cases)("finds the way $name", ({ world: given, witness }) => {
    const found = tried(given);
    expect(found.reached).toBe("yes");
    expect(tell(found)).toMatch(witness);
  });

  it.each(cases.filter(({ name }) => name !== "directly"))(
    "finds none once a ceiling denies the way $name",
    ({ world: given }) => {
      const ceiling = policy(allow("*"), {
        Effect: "Deny",
        Action: ["iam:*", "sts:*", "ssm:*", "lambda:*", "eks:*", "secretsmanager:*"],
        Resource: "*",
      });
      const found = tried({ ...given, accessEntries: [], ceilings: [[ceiling]] });
      expect(found.reached).toBe("no");
      expect(tell(found)).toMatch(/^none, \d+ paths examined$/);
    },
  );

  it("finds none for a role that must stay under a boundary, and the way as soon as it need not", () => {
    const bounded = (Condition?: object) =>
      world(
        me([allow(["iam:CreateRole", "iam:PutRolePolicy"], arn("role/team-*"), Condition)], { boundary: undefined }),
        {
          policies: [{ arn: boundary.arn, document: boundary.document }],
        },
      );
    const must = { StringEquals: { "iam:PermissionsBoundary": boundary.arn } };
    expect(tried(bounded(must)).reached).toBe("no");
    expect(tried(bounded()).reached).toBe("yes");
  });

  it("says possibly, and on what it hangs, where a condition cannot be decided", () => {
    const found = tried(
      world(
        me([{ ...allow("secretsmanager:*", "*", { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } }), Sid: "Office" }]),
      ),
    );
    expect(found).toMatchObject({ reached: "possibly", provided: ["IpAddress aws:sourceip (Office)"] });
  });

  it("does not take a role whose trust only denies the cluster's pods", () => {
    const refused = policy({
      Effect: "Deny",
      Principal: { Federated: provider },
      Action: "sts:AssumeRoleWithWebIdentity",
    });
    const entry = [{ clusterArn: cluster, principalArn: arn("role/me"), power: "cluster-admin" as const }];
    expect(tried(world(me([]), { clusters, accessEntries: entry }, [admin(refused)])).reached).toBe("no");
  });

  it("a foreign principal needs both sides: its own word is worth nothing here", () => {
    const vendor: Entity = {
      arn: "arn:aws:iam::999999999999:role/v",
      kind: "role",
      inline: [{ document: policy(allow("*")) }],
      attached: [],
    };
    const trust = (id: string) =>
      policy({
        Effect: "Allow",
        Principal: { AWS: vendor.arn },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "sts:ExternalId": id } },
      });
    const from = (id: string) =>
      reach(
        { account, entities: [vendor, admin(trust("right"))], carries: { "sts:externalid": [id] } },
        vendor.arn,
        goal,
      );
    expect(from("right").reached).toBe("yes");
    expect(from("wrong").reached).toBe("no");
  });
});
