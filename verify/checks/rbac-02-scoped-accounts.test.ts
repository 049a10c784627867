import { describe, expect, it } from "vitest";
import type { Facts } from "../facts.ts";
import { goodFacts, goodTarget, goodTargets } from "../testing/good-plane.ts";
import { platformRolesScoped } from "./rbac-02-scoped-accounts.ts";

const apiGroup = "rbac.authorization.k8s.io";
const secrets = (verb: string, more: object = {}) => ({
  apiGroups: [""],
  resources: ["secrets"],
  verbs: [verb],
  ...more,
});
const someone = { kind: "ServiceAccount", name: "executor", namespace: goodTarget.namespace };

const failures = (change: (facts: Facts) => void) => {
  const facts = goodFacts();
  change(facts);
  return platformRolesScoped
    .evaluate(facts, goodTargets)
    .flatMap(({ ok, subject, evidence }) => (ok ? [] : [`${subject}: ${evidence}`]));
};

/** Bound in kube-system, which is nobody's of ours. */
const bound = (rule: object, subject: object, kind: "Role" | "ClusterRole" = "ClusterRole") =>
  failures((facts) => {
    const place = { name: "x", namespace: "kube-system" };
    const rules = [{ verbs: ["get"], nonResourceURLs: ["/version"] }, rule as never];
    if (kind === "Role") facts.roles.push({ metadata: place, rules });
    else facts.clusterRoles.push({ metadata: { name: "x" }, rules });
    facts.roleBindings.push({ metadata: place, roleRef: { apiGroup, kind, name: "x" }, subjects: [subject as never] });
  });

describe("what our accounts hold by a role of another place", () => {
  it.each<[string, object, "Role" | "ClusterRole"]>([
    ["their name", someone, "Role"],
    ["their name, in a cluster's role", someone, "ClusterRole"],
    ["their user's name", { kind: "User", name: "system:serviceaccount:union:executor" }, "Role"],
    ["their namespace's group", { kind: "Group", name: "system:serviceaccounts:union" }, "Role"],
    ["every account's group", { kind: "Group", name: "system:serviceaccounts" }, "ClusterRole"],
    ["everybody's group", { kind: "Group", name: "system:authenticated" }, "ClusterRole"],
  ])("is refused where it is every secret, by %s", (_, subject, kind) => {
    expect(bound(secrets("list"), subject, kind)).toContain(
      "ServiceAccount/union/executor: every secret: may list core/secrets in kube-system, by RoleBinding/kube-system/x",
    );
  });

  it.each([
    ["a verb", { apiGroups: [""], resources: ["pods"], verbs: ["*"] }],
    ["a resource", { apiGroups: [""], resources: ["*"], verbs: ["get"] }],
    ["a group", { apiGroups: ["*"], resources: ["pods"], verbs: ["get"] }],
    ["a subresource of everything", { apiGroups: ["apps"], resources: ["*/scale"], verbs: ["patch"] }],
  ])("is refused where %s is a wildcard", (_, rule) => {
    expect(bound(rule, someone)).toEqual([expect.stringMatching(/^ServiceAccount\/union\/executor: wildcard: may /)]);
  });

  it.each([
    ["a secret by its name", secrets("get", { resourceNames: ["one"] })],
    ["making one", secrets("create")],
  ])("may be %s", (_, rule) => {
    expect(bound(rule, someone)).toEqual([]);
  });

  it.each([
    ["an account of another namespace", { ...someone, namespace: "kube-system" }],
    ["another namespace's group", { kind: "Group", name: "system:serviceaccounts:kube-system" }],
    ["people", { kind: "Group", name: "biplane:managers" }],
  ])("is not what %s may do", (_, subject) => {
    expect(bound(secrets("list"), subject)).toEqual([]);
  });

  it("counts for an account that is named before it is made", () => {
    expect(bound(secrets("get"), { ...someone, name: "later" })).toEqual([
      expect.stringMatching(/^ServiceAccount\/union\/later: every secret/),
    ]);
  });
});

describe("a list that was not told whole", () => {
  it.each(["serviceAccounts", "roles", "clusterRoles", "roleBindings", "clusterRoleBindings"] as const)(
    "%s",
    (name) => {
      expect(failures((facts) => facts[name].splice(0))).toContain(`${name}: the cluster told of none at all`);
    },
  );

  it("no account of one of our namespaces", () => {
    const found = failures((facts) => {
      facts.serviceAccounts = facts.serviceAccounts.filter(
        ({ metadata }) => metadata?.namespace !== "demo-development",
      );
    });
    expect(found).toEqual([
      "Namespace/demo-development: no service account was seen, and Kubernetes makes one in each",
    ]);
  });
});
