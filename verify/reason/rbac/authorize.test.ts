import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manifestsOf } from "../testing/manifests.ts";
import { runs } from "../testing/runs.ts";
import { authorize, rbacQuery } from "./authorize.ts";
import { readRoles } from "./roles.ts";

const apiVersion = "rbac.authorization.k8s.io/v1";
const role = (name: string, rules: object[], more: object = {}) => ({
  apiVersion,
  kind: "ClusterRole",
  metadata: { name },
  rules,
  ...more,
});
const bind = (name: string, to: string, subjects: object[], kind = "ClusterRole") => ({
  apiVersion,
  kind: "ClusterRoleBinding",
  metadata: { name },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name: to },
  subjects,
});
const bindIn = (namespace: string, ...args: Parameters<typeof bind>) => {
  const binding = bind(...args);
  return { ...binding, kind: "RoleBinding", metadata: { ...binding.metadata, namespace } };
};
const alice = { kind: "User", name: "alice" };
const pods = { apiGroups: [""], resources: ["pods"], verbs: ["get"] };

const ask = (objects: object[], query: object) =>
  authorize(
    readRoles(manifestsOf(objects)),
    rbacQuery.parse({ user: "alice", verb: "get", resource: "pods", ...query }),
  );

/** One rule, given to alice everywhere. */
const byRule = (rule: object, query: object) => ask([role("r", [rule]), bind("b", "r", [alice])], query).allowed;

describe("a binding", () => {
  it.each<[object, RegExp]>([
    [
      bind("b", "r", [{ ...alice, apiGroup: "v1" }]),
      /subjects\.0 .*; allowed: the apiGroup rbac\.authorization\.k8s\.io/,
    ],
    [
      bind("b", "r", [{ kind: "ServiceAccount", name: "a", namespace: "n", apiGroup: "rbac.authorization.k8s.io" }]),
      /subjects\.0/,
    ],
    [
      { ...bind("b", "r", [alice]), roleRef: { apiGroup: "apps", kind: "ClusterRole", name: "r" } },
      /roleRef\.apiGroup is "apps"/,
    ],
  ])("of another API is refused: %j", (object, message) => {
    expect(() => ask([role("r", [pods]), object], {})).toThrow(message);
  });
});

describe("one rule", () => {
  it.each<[string, object, object, boolean]>([
    ["allows what it names", pods, {}, true],
    ["not another verb", pods, { verb: "list" }, false],
    ["every verb by a star", { ...pods, verbs: ["*"] }, { verb: "deletecollection" }, true],
    ["not another group", pods, { apiGroup: "apps" }, false],
    ["every group by a star", { ...pods, apiGroups: ["*"] }, { apiGroup: "metrics.k8s.io" }, true],
    ["the core group is not missing: no group allows nothing", { ...pods, apiGroups: [] }, {}, false],
    ["not a subresource", pods, { subresource: "log" }, false],
    ["a subresource by its name", { ...pods, resources: ["pods/log"] }, { subresource: "log" }, true],
    ["which is not its resource", { ...pods, resources: ["pods/log"] }, {}, false],
    ["one subresource of everything", { ...pods, resources: ["*/scale"] }, { subresource: "scale" }, true],
    ["and no other", { ...pods, resources: ["*/scale"] }, { subresource: "status" }, false],
    ["a star after the slash is no star", { ...pods, resources: ["pods/*"] }, { subresource: "log" }, false],
    ["every resource by a star", { ...pods, resources: ["*"] }, { subresource: "exec" }, true],
    ["a named object", { ...pods, resourceNames: ["a"] }, { name: "a" }, true],
    ["not another one", { ...pods, resourceNames: ["a"] }, { name: "b" }, false],
    ["not all of them", { ...pods, verbs: ["list"], resourceNames: ["a"] }, { verb: "list" }, false],
    [
      "a list of one by its name",
      { ...pods, verbs: ["list"], resourceNames: ["a"] },
      { verb: "list", name: "a" },
      true,
    ],
    ["not one that is being made", { ...pods, verbs: ["create"], resourceNames: ["a"] }, { verb: "create" }, false],
    ["a path", { verbs: ["get"], nonResourceURLs: ["/healthz"] }, { resource: "", nonResourceURL: "/healthz" }, true],
    ["not below it", { verbs: ["get"], nonResourceURLs: ["/a"] }, { resource: "", nonResourceURL: "/a/b" }, false],
    [
      "below it by a star",
      { verbs: ["get"], nonResourceURLs: ["/a/*"] },
      { resource: "", nonResourceURL: "/a/b/c" },
      true,
    ],
    [
      "not it by a star below",
      { verbs: ["get"], nonResourceURLs: ["/a/*"] },
      { resource: "", nonResourceURL: "/a" },
      false,
    ],
    [
      "no path by resources",
      { ...pods, resources: ["*"], apiGroups: ["*"], verbs: ["*"] },
      { resource: "", nonResourceURL: "/a" },
      false,
    ],
    ["no resource by paths", { verbs: ["*"], nonResourceURLs: ["*"] }, {}, false],
  ])("%s", (_, rule, query, allowed) => {
    expect(byRule(rule, query)).toBe(allowed);
  });
});

describe("bindings", () => {
  const reader = role("reader", [pods]);
  const account = { kind: "ServiceAccount", name: "sa", namespace: "x" };
  const asAccount = { user: "system:serviceaccount:x:sa" };

  it("a binding of a namespace gives a cluster role there, and nowhere else", () => {
    const objects = [reader, bindIn("x", "b", "reader", [alice])];
    expect(ask(objects, { namespace: "x" }).allowed).toBe(true);
    expect(ask(objects, { namespace: "y" }).allowed).toBe(false);
    expect(ask(objects, {}).allowed).toBe(false);
  });

  it("a role is looked for in the binding's namespace", () => {
    const own = { ...reader, kind: "Role", metadata: { name: "reader", namespace: "x" } };
    expect(ask([own, bindIn("x", "b", "reader", [alice], "Role")], { namespace: "x" }).allowed).toBe(true);
    expect(ask([own, bindIn("y", "b", "reader", [alice], "Role")], { namespace: "y" }).allowed).toBe(false);
    expect(ask([own, bind("b", "reader", [alice], "Role")], { namespace: "x" }).allowed).toBe(false);
  });

  it("says that a bound role does not exist", () => {
    expect(ask([bind("b", "gone", [alice])], {})).toEqual({
      allowed: false,
      because: "none of 1 bindings allows it; ClusterRoleBinding/b binds ClusterRole/gone, which does not exist",
    });
  });

  it("says nothing of a role that every cluster has, where the manifests do not tell it and nothing else allows", () => {
    for (const name of ["cluster-admin", "view", "system:node"]) {
      expect(ask([bind("b", name, [alice])], {}), name).toEqual({
        allowed: "unknown",
        because: `ClusterRoleBinding/b binds ClusterRole/${name}, which every cluster has and the manifests do not tell`,
      });
    }
    expect(ask([bind("b", "view", [alice]), reader, bind("c", "reader", [alice])], {}).allowed).toBe(true);
    expect(ask([bind("b", "view", [{ kind: "User", name: "bob" }])], {}).allowed).toBe(false);
    expect(ask([role("view", []), bind("b", "view", [alice])], {}).allowed).toBe(false);
    expect(ask([bindIn("x", "b", "view", [alice], "Role")], { namespace: "x" }).allowed).toBe(false);
    expect(ask([bindIn("x", "b", "view", [alice])], { namespace: "y" }).allowed).toBe(false);
  });

  it("a service account is known by its name, and always is of its groups", () => {
    expect(ask([reader, bind("b", "reader", [account])], asAccount).allowed).toBe(true);
    expect(ask([reader, bind("b", "reader", [{ ...account, namespace: "y" }])], asAccount).allowed).toBe(false);
    expect(ask([reader, bind("b", "reader", [{ kind: "User", name: asAccount.user }])], asAccount).allowed).toBe(true);
    for (const name of ["system:serviceaccounts", "system:serviceaccounts:x", "system:authenticated"]) {
      expect(ask([reader, bind("b", "reader", [{ kind: "Group", name }])], asAccount).allowed, name).toBe(true);
    }
    expect(
      ask([reader, bind("b", "reader", [{ kind: "Group", name: "system:serviceaccounts:y" }])], asAccount).allowed,
    ).toBe(false);
  });

  it("an account without a namespace is of the binding's; across the cluster it is nobody", () => {
    const bare = { kind: "ServiceAccount", name: "sa" };
    expect(ask([reader, bindIn("x", "b", "reader", [bare])], { ...asAccount, namespace: "x" }).allowed).toBe(true);
    expect(ask([reader, bind("b", "reader", [bare])], asAccount).allowed).toBe(false);
  });

  it("groups are those that are given; the superusers ask nobody", () => {
    const objects = [reader, bind("b", "reader", [{ kind: "Group", name: "dev" }])];
    expect(ask(objects, { groups: ["ops", "dev"] }).allowed).toBe(true);
    expect(ask(objects, { groups: ["ops"] }).allowed).toBe(false);
    expect(ask([], { user: "", groups: ["system:masters"], verb: "escalate" }).allowed).toBe(true);
    expect(ask([reader, bind("b", "reader", [{ kind: "User", name: "*" }])], {}).allowed).toBe(false);
  });
});

describe("aggregated cluster roles", () => {
  const labelled = (name: string, labels: object, rules: object[]) => role(name, rules, { metadata: { name, labels } });
  const gathers = (name: string, matchLabels: object, more: object = {}) =>
    role(name, [{ ...pods, verbs: ["*"] }], { aggregationRule: { clusterRoleSelectors: [{ matchLabels }] }, ...more });

  it("allow what the roles that they select allow, through each other, and never what stands in them", () => {
    const objects = [
      gathers("top", { to: "top" }),
      gathers("middle", { to: "middle" }, { metadata: { name: "middle", labels: { to: "top" } } }),
      labelled("leaf", { to: "middle" }, [pods]),
      bind("b", "top", [alice]),
    ];
    expect(ask(objects, {}).allowed).toBe(true);
    expect(ask(objects, { verb: "delete" }).allowed).toBe(false);
  });

  it("end where two gather each other", () => {
    const ring = (name: string, other: string) =>
      gathers(name, { to: name }, { metadata: { name, labels: { to: other } } });
    expect(ask([ring("a", "b"), ring("b", "a"), bind("x", "a", [alice])], {}).allowed).toBe(false);
  });

  it("are not told whole where they gather what every cluster has, also through each other", () => {
    const toView = { "rbac.authorization.k8s.io/aggregate-to-view": "true" };
    const more = labelled("more", toView, [{ ...pods, resources: ["jobs"] }]);
    const bound = [gathers("view", toView), more, bind("b", "view", [alice])];
    expect(ask(bound, { resource: "jobs" }).allowed).toBe(true);
    expect(ask(bound, {})).toEqual({
      allowed: "unknown",
      because:
        "ClusterRoleBinding/b binds ClusterRole/view, which gathers roles that every cluster has and the manifests do not tell",
    });
    const through = [
      gathers("top", { to: "top" }),
      gathers("view", toView, { metadata: { name: "view", labels: { to: "top" } } }),
    ];
    expect(ask([...through, bind("b", "top", [alice])], {}).allowed).toBe("unknown");
    const whole = [...bound, labelled("system:aggregate-to-view", toView, [])];
    expect(ask(whole, {}).allowed).toBe(false);
    expect(ask([gathers("all", {}), bind("b", "all", [alice])], {}).allowed).toBe("unknown");
    expect(ask([gathers("mine", { to: "mine" }), bind("b", "mine", [alice])], {}).allowed).toBe(false);
  });
});

describe("a question", () => {
  it.each([
    [{ user: "", verb: "get", resource: "pods" }, /a user, or a group/],
    [{ user: "a", verb: "get" }, /either a resource or a nonResourceURL/],
    [{ user: "a", verb: "get", resource: "pods", nonResourceURL: "/x" }, /either a resource/],
    [{ user: "a", verb: "get", nonResourceURL: "/x", namespace: "y" }, /without apiGroup/],
    [{ user: "a", verb: "", resource: "pods" }, /a verb, such as get/],
    [{ user: "a", verb: "get", resource: "pods", namspace: "x" }, /Unrecognized key/],
  ])("%j is refused", (query, message) => {
    expect(() => rbacQuery.parse(query)).toThrow(message);
  });

  it("may leave out, or give null, for what it does not have", () => {
    const full = {
      user: "alice",
      groups: null,
      apiGroup: null,
      subresource: null,
      namespace: "",
      nonResourceURL: null,
    };
    expect(ask([role("r", [pods]), bind("b", "r", [alice])], full).allowed).toBe(true);
  });
});

describe("for any roles and bindings", () => {
  const word = (...words: string[]) => fc.subarray(words);
  const rule = fc.record({
    verbs: word("get", "list", "*"),
    apiGroups: word("", "apps", "*"),
    resources: word("pods", "pods/log", "*/log", "*"),
    resourceNames: word("a"),
  });
  const subject = fc.constantFrom(
    alice,
    { kind: "Group", name: "dev" },
    { kind: "ServiceAccount", name: "sa", namespace: "x" },
  );
  const world = fc.record({
    rules: fc.array(fc.array(rule, { maxLength: 3 }), { minLength: 1, maxLength: 3 }),
    bindings: fc.array(
      fc.record({
        role: fc.nat(2),
        namespace: fc.constantFrom("", "x", "y"),
        subjects: fc.array(subject, { maxLength: 2 }),
      }),
      { maxLength: 4 },
    ),
  });
  const query = fc.record({
    user: fc.constantFrom("alice", "bob", "system:serviceaccount:x:sa"),
    groups: word("dev"),
    verb: fc.constantFrom("get", "list", "create"),
    apiGroup: fc.constantFrom("", "apps"),
    subresource: fc.constantFrom("", "log"),
    name: fc.constantFrom("", "a", "b"),
    namespace: fc.constantFrom("", "x", "y"),
  });
  const objectsOf = (
    { rules, bindings }: { rules: object[][]; bindings: { role: number; namespace: string; subjects: object[] }[] },
    rename = (name: string) => name,
  ) => [
    ...rules.map((list, at) => role(rename(`r${at}`), list)),
    ...bindings.map(({ role: to, namespace, subjects }, at) =>
      namespace
        ? bindIn(namespace, rename(`b${at}`), rename(`r${to}`), subjects)
        : bind(rename(`b${at}`), rename(`r${to}`), subjects),
    ),
  ];

  it("names of roles and bindings, and their order, change nothing", () => {
    fc.assert(
      fc.property(world, query, (given, asked) => {
        const renamed = objectsOf(given, (name) => `z-${[...name].reverse().join("")}`).reverse();
        expect(ask(renamed, asked).allowed).toBe(ask(objectsOf(given), asked).allowed);
      }),
      runs(200),
    );
  });

  it("one more binding never takes anything away", () => {
    fc.assert(
      fc.property(world, query, (given, asked) => {
        const more = [...objectsOf(given), role("more", [pods]), bind("more", "more", [alice])];
        if (ask(objectsOf(given), asked).allowed) expect(ask(more, asked).allowed).toBe(true);
      }),
      runs(200),
    );
  });
});
