import type { V1PolicyRule } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import type { Facts } from "../../facts.ts";
import { goodByocFacts, goodByocTarget } from "../../testing/good-byoc.ts";
import { goodFacts, goodTarget } from "../../testing/good-plane.ts";
import { whoBecomes } from "./become.ts";
import { waysToBuckets } from "./data.ts";

const rbac = "rbac.authorization.k8s.io";
const devs = { kind: "Group", name: "devs" };

function adminOf(facts: Facts) {
  const role = facts.iam.roles.find(({ name }) => name === "adminflyterole");
  if (!role) throw new Error("no admin role");
  return role;
}

/** Everybody with a way to the admin role whom it does not trust itself. */
function others(change: (facts: Facts) => void) {
  const facts = goodFacts();
  change(facts);
  return whoBecomes(adminOf(facts), facts).filter(({ path }) => path.length > 1);
}

function give(
  facts: Facts,
  namespace: string,
  rule: V1PolicyRule,
  subject: { kind: string; name: string; namespace?: string } = devs,
) {
  const name = `given-${facts.roles.length}`;
  facts.roles.push({ metadata: { namespace, name }, rules: [rule] });
  facts.roleBindings.push({
    metadata: { namespace, name },
    roleRef: { apiGroup: rbac, kind: "Role", name },
    subjects: [subject],
  });
}

const rule = (resources: string[], verbs: string[], more: Partial<V1PolicyRule> = {}): V1PolicyRule => ({
  ...{ apiGroups: [""], resources, verbs },
  ...more,
});

describe("who becomes the admin role", { timeout: 60_000 }, () => {
  it("is, on the good plane, the three accounts that it trusts, and nobody else", () => {
    const facts = goodFacts();
    const all = whoBecomes(adminOf(facts), facts);
    expect(all.map(({ who }) => who).sort()).toEqual([
      "ServiceAccount/union/executor",
      "ServiceAccount/union/log-provider",
      "ServiceAccount/union/proxy-system",
    ]);
    expect(all[0]?.path[0]).toMatch(
      /^sts:AssumeRoleWithWebIdentity arn:.*adminflyterole as system:serviceaccount:union:/,
    );
  });

  it.each<[string, V1PolicyRule]>([
    ["makes pods", rule(["pods"], ["create"])],
    ["makes jobs", rule(["jobs"], ["create"], { apiGroups: ["batch"] })],
    ["changes deployments", rule(["deployments"], ["patch"], { apiGroups: ["apps"] })],
    ["asks for tokens", rule(["serviceaccounts/token"], ["create"])],
    [
      "asks for a token of one of the three",
      rule(["serviceaccounts/token"], ["create"], { resourceNames: ["executor"] }),
    ],
    ["enters pods", rule(["pods/exec"], ["create"])],
    ["changes the image of one pod", rule(["pods"], ["patch"], { resourceNames: ["executor-x"] })],
    ["acts as an account", rule(["serviceaccounts"], ["impersonate"])],
    ["may do everything", rule(["*"], ["*"], { apiGroups: ["*"] })],
  ])("is whoever %s where they live, by one step", (_, given) => {
    const found = others((facts) => give(facts, "union", given));
    expect(found.map(({ who, path }) => [who, path.length])).toEqual([["Group/devs", 2]]);
    expect(found[0]?.path[0]).toContain("(RoleBinding/union/given-");
  });

  it.each<[string, string, V1PolicyRule]>([
    ["makes pods elsewhere", "demo-development", rule(["pods"], ["create"])],
    ["looks at pods", "union", rule(["pods"], ["get", "list", "watch"])],
    [
      "asks for tokens of the tunnel",
      "union",
      rule(["serviceaccounts/token"], ["create"], { resourceNames: ["tunnel-system"] }),
    ],
    ["enters the tunnel's pod", "union", rule(["pods/exec"], ["create"], { resourceNames: ["tunnel-x"] })],
    ["may bind, but write no binding", "union", rule(["clusterroles"], ["bind"], { apiGroups: [rbac] })],
  ])("is not who %s", (_, namespace, given) => {
    expect(others((facts) => give(facts, namespace, given))).toEqual([]);
  });

  it("is who binds roles, by giving itself the rest", () => {
    const found = others((facts) => {
      give(facts, "union", rule(["clusterroles"], ["bind"], { apiGroups: [rbac] }));
      give(facts, "union", rule(["rolebindings"], ["create"], { apiGroups: [rbac] }));
    });
    expect(found).toMatchObject([
      { who: "Group/devs", path: [expect.stringContaining("gives itself rights over union/"), expect.anything()] },
    ]);
  });

  it("is found over an account between, with every step told, and that account too", () => {
    const found = others((facts) => {
      facts.serviceAccounts.push({ metadata: { namespace: "ci", name: "runner" } });
      give(facts, "ci", rule(["pods"], ["create"]));
      give(facts, "union", rule(["pods"], ["create"]), { kind: "ServiceAccount", name: "runner", namespace: "ci" });
    });
    expect(found.map(({ who }) => who).sort()).toEqual(["Group/devs", "ServiceAccount/ci/runner"]);
    expect(found.find(({ who }) => who === "Group/devs")?.path).toEqual([
      expect.stringMatching(/^create core\/pods in ci .*runs a pod as ci\/runner$/),
      expect.stringMatching(/^create core\/pods in union .*runs a pod as union\//),
      expect.stringMatching(/^sts:AssumeRoleWithWebIdentity/),
    ]);
  });

  it("follows the trust: by pattern, of any account, and by a pod identity", () => {
    const names = (change: (facts: Facts) => void) => {
      const facts = goodFacts();
      change(facts);
      return whoBecomes(adminOf(facts), facts).map(({ who }) => who);
    };
    const tunnel = "ServiceAccount/union/tunnel-system";
    const key = "oidc.example.test:sub";
    const [statement, ...more] = [...adminOf(goodFacts()).trust.statements];
    expect(more.map(({ conditions }) => conditions.StringEquals?.[key])).toEqual([
      ["system:serviceaccount:union:proxy-system"],
      ["system:serviceaccount:union:log-provider"],
    ]);
    expect(statement?.conditions.StringEquals).toHaveProperty([key]);
    const trusting = (conditions: Record<string, Record<string, string[]>>) => (facts: Facts) => {
      for (const one of adminOf(facts).trust.statements) one.conditions = conditions;
    };
    expect(names(trusting({ StringLike: { [key]: ["system:serviceaccount:union:*"] } }))).toContain(tunnel);
    expect(names(trusting({ StringEquals: { [key]: ["system:serviceaccount:union:*"] } }))).toEqual([]);
    expect(names(trusting({}))).toContain("ServiceAccount/demo-development/default");
    const given = (facts: Facts) => {
      const roleArn = adminOf(facts).arn;
      facts.clusterAccess.podIdentities.push({ namespace: "union", serviceAccount: "tunnel-system", roleArn });
    };
    expect(names(given)).toContain(tunnel);
  });
});

describe("ways from the control plane and the vendor to the buckets", { timeout: 60_000 }, () => {
  it("are none on the good planes, and each principal was tried on both buckets", () => {
    const own = waysToBuckets(goodFacts(), goodTarget);
    expect(own.filter(({ reached }) => reached !== "no")).toEqual([]);
    const principals = new Set(own.map(({ principal }) => principal));
    for (const { arn } of goodFacts().regionIam.roles) expect(principals).toContain(arn);
    expect(new Set(own.map(({ store }) => /acme-(metadata|fast-reg)/.exec(store)?.[0]))).toEqual(
      new Set(["acme-metadata", "acme-fast-reg"]),
    );
    expect(own.every(({ examined }) => examined > 0)).toBe(true);
    const byoc = waysToBuckets(goodByocFacts(), goodByocTarget);
    expect(byoc.map(({ principal }) => principal)).toContain("arn:aws:iam::111111111111:role/biplane-management");
    expect(byoc.filter(({ reached }) => reached !== "no")).toEqual([]);
  });

  it("are told step by step when the customer's account lets the region in", () => {
    const facts = goodFacts();
    const region = facts.regionIam.roles[0]?.arn ?? "";
    adminOf(facts).trust.statements.push({
      ...{ effect: "Allow", actions: ["sts:assumerole"], notActions: [], resources: [], notResources: [] },
      ...{ principals: [`AWS:${region}`], conditions: {} },
    });
    facts.principals.entities = facts.principals.entities.map((entity) =>
      entity.arn === adminOf(facts).arn ? { ...entity, trust: adminOf(facts).trust } : entity,
    );
    const found = waysToBuckets(facts, goodTarget).filter(({ reached }) => reached !== "no");
    // Who holds every right in that account takes over the role that is let in; somebody of a third account does not.
    const theirs = facts.regionIam.roles.map(({ arn }) => arn);
    expect(new Set(found.map(({ principal }) => principal))).toEqual(new Set(theirs));
    expect(found.find(({ principal }) => principal === region)?.path).toEqual([
      expect.stringContaining(`${region}: sts:AssumeRole ${adminOf(facts).arn}`),
      expect.stringContaining("s3:"),
    ]);
  });
});
