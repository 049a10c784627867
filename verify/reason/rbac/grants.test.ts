import { describe, expect, it } from "vitest";
import { allows, expand, grantsTo, grantsToGroup, type RbacFacts, textOf } from "./grants.ts";

const account = { namespace: "union", name: "executor" };
const role = (name: string, namespace?: string) => ({
  metadata: { name, ...(namespace ? { namespace } : {}) },
  rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
});
const binding = (kind: "Role" | "ClusterRole", subject: object, namespace?: string) => ({
  metadata: { name: "b", ...(namespace ? { namespace } : {}) },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name: "r" },
  subjects: [{ kind: "ServiceAccount", name: "executor", namespace: "union", ...subject }],
});
const facts = (more: Partial<RbacFacts>): RbacFacts => ({
  roles: [role("r", "demo")],
  clusterRoles: [role("r")],
  roleBindings: [],
  clusterRoleBindings: [],
  ...more,
});
const rights = (more: Partial<RbacFacts>) => grantsTo(account, facts(more)).map(textOf);

describe("the rights of an account", () => {
  it.each<[string, object, string?]>([
    ["its own name", {}],
    ["its name alone, in its own namespace", { namespace: undefined }, "union"],
    ["its name as a user", { kind: "User", name: "system:serviceaccount:union:executor", namespace: undefined }],
    ["every account's group", { kind: "Group", name: "system:serviceaccounts" }],
    ["its namespace's group", { kind: "Group", name: "system:serviceaccounts:union" }],
    ["everybody's group", { kind: "Group", name: "system:authenticated" }],
  ])("come by %s", (_, subject, where = "demo") => {
    const roles = [role("r", where)];
    expect(rights({ roles, roleBindings: [binding("Role", subject, where)] })).toEqual([`get core/pods in ${where}`]);
  });

  it.each([
    ["an account of that name elsewhere", { namespace: "other" }],
    ["its name alone, in another namespace", { namespace: undefined }],
    ["another account", { name: "tunnel" }],
    ["another namespace's group", { kind: "Group", name: "system:serviceaccounts:other" }],
    ["a user of the account's bare name", { kind: "User" }],
  ])("do not come by %s", (_, subject) => {
    expect(rights({ roleBindings: [binding("Role", subject, "demo")] })).toEqual([]);
  });

  it("hold where the binding is, and everywhere by a cluster's binding", () => {
    expect(rights({ roleBindings: [binding("ClusterRole", {}, "demo")] })).toEqual(["get core/pods in demo"]);
    expect(rights({ clusterRoleBindings: [binding("ClusterRole", {})] })).toEqual(["get core/pods everywhere"]);
  });

  it("are none by a role that does not exist, or exists in another namespace only", () => {
    expect(rights({ roleBindings: [binding("Role", {}, "other")] })).toEqual([]);
    expect(rights({ clusterRoles: [], clusterRoleBindings: [binding("ClusterRole", {})] })).toEqual([]);
  });

  it("leave out what everybody has, and nothing that was added to it", () => {
    const rules = [
      { nonResourceURLs: ["/version"], verbs: ["get"] },
      { apiGroups: ["authorization.k8s.io"], resources: ["selfsubjectaccessreviews"], verbs: ["create"] },
      { apiGroups: [""], resources: ["secrets"], verbs: ["get"] },
    ];
    const everybody = binding("ClusterRole", { kind: "Group", name: "system:authenticated" });
    const clusterRoles = [{ metadata: { name: "r" }, rules }];
    expect(rights({ clusterRoles, clusterRoleBindings: [everybody] })).toEqual(["get core/secrets everywhere"]);
  });

  it("are told for a group too", () => {
    const managers = binding("ClusterRole", { kind: "Group", name: "biplane:managers" });
    expect(grantsToGroup("biplane:managers", facts({ clusterRoleBindings: [managers] })).map(textOf)).toEqual([
      "get core/pods everywhere",
    ]);
    expect(grantsToGroup("others", facts({ clusterRoleBindings: [managers] }))).toEqual([]);
  });
});

describe("rules as grants", () => {
  it("are one for each group, resource, name and verb", () => {
    const rules = [{ apiGroups: ["", "apps"], resources: ["a"], resourceNames: ["x", "y"], verbs: ["get", "list"] }];
    expect(expand(rules, "demo", "by").map(textOf)).toEqual([
      'get core/a "x" in demo',
      'list core/a "x" in demo',
      'get core/a "y" in demo',
      'list core/a "y" in demo',
      'get apps/a "x" in demo',
      'list apps/a "x" in demo',
      'get apps/a "y" in demo',
      'list apps/a "y" in demo',
    ]);
    expect(expand([{ nonResourceURLs: ["/metrics"], verbs: ["get"] }], undefined, "by").map(textOf)).toEqual([
      "get /metrics everywhere",
    ]);
  });

  it("allow what they name, and by a star whatever is asked", () => {
    const asked = { namespace: "demo", group: "core", resource: "secrets", verb: "get" };
    const given = (rule: object, namespace?: string) =>
      allows(expand([{ apiGroups: [""], resources: ["secrets"], verbs: ["get"], ...rule }], namespace, "by"), asked);
    expect(given({}, "demo")).toBeDefined();
    expect(given({})).toBeDefined();
    expect(given({ apiGroups: ["*"], resources: ["*"], verbs: ["*"] })).toBeDefined();
    expect(given({}, "other")).toBeUndefined();
    expect(given({ resourceNames: ["x"] }, "demo"), "one object is not all of them").toBeUndefined();
    expect(given({ apiGroups: ["apps"] }, "demo")).toBeUndefined();
  });
});
