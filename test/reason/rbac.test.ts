/** The evaluator beside a real API server: the same roles and bindings, the same questions, the same answers. */
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApiServer, type TestApiServer } from "../../sandbox/providers/kubernetes/testing/api-server.ts";
import { manifestsFrom } from "../../verify/reason/input/manifests.ts";
import { authorize, rbacQuery } from "../../verify/reason/rbac/authorize.ts";
import { type Roles, readRoles } from "../../verify/reason/rbac/roles.ts";
import { long, mapInFlight } from "./support/in-flight.ts";

const questions = long ? 10_000 : 1000;
const seed = Date.now() % 1_000_000;
const group = "rbac.authorization.k8s.io";
const rbac = `/apis/${group}/v1`;
const namespaces = ["one", "two", "three"];

/** Few words a rule, so that about as many questions are refused as are allowed. */
const some = (...words: string[]) => fc.uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength: 2 });
const resourceRule = fc.record({
  verbs: some("get", "list", "create", "delete", "impersonate", "*"),
  apiGroups: some("", "apps", "metrics.k8s.io", "*"),
  resources: some("pods", "pods/log", "deployments", "deployments/scale", "*/scale", "*/log", "users", "*"),
  resourceNames: fc.oneof(fc.constant([]), fc.constant([]), some("a", "b", "*")),
});
const pathRule = fc.record({
  verbs: some("get", "post", "*"),
  nonResourceURLs: some("/logs", "/logs/*", "/logs/a*", "/a", "*"),
});
const rules = fc.array(resourceRule, { minLength: 1, maxLength: 2 });
const clusterRules = fc.array(fc.oneof(resourceRule, pathRule), { minLength: 1, maxLength: 2 });

const users = ["alice", "bob", "*", "system:serviceaccount:one:sa", "system:serviceaccount:two:sa", "system:anonymous"];
const groups = ["dev", "ops", "system:unauthenticated"];
const subject = fc.oneof(
  fc.constantFrom(...users).map((name) => ({ kind: "User", apiGroup: group, name })),
  fc
    .constantFrom(...groups, "system:serviceaccounts:one", "system:serviceaccounts", "system:authenticated")
    .map((name) => ({ kind: "Group", apiGroup: group, name })),
  fc.constantFrom("one", "two").map((namespace) => ({ kind: "ServiceAccount", name: "sa", namespace })),
);
const roleNumber = fc.nat(11);
const roleRef = (kind: string, name: string) => ({ apiGroup: group, kind, name });
const world = fc.record({
  clusterRoles: fc.array(clusterRules, { minLength: 10, maxLength: 10 }),
  roles: fc.array(fc.tuple(fc.constantFrom(...namespaces), rules), { minLength: 12, maxLength: 12 }),
  clusterBindings: fc.array(fc.tuple(roleNumber, subject), { minLength: 16, maxLength: 16 }),
  bindings: fc.array(fc.tuple(roleNumber, fc.boolean(), fc.constantFrom(...namespaces), subject), {
    minLength: 50,
    maxLength: 50,
  }),
});

const caller = { user: fc.constantFrom(...users), groups: fc.subarray(groups, { maxLength: 2 }) };
const question = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      ...caller,
      verb: fc.constantFrom("get", "list", "create", "delete", "impersonate", "bind", "*"),
      apiGroup: fc.constantFrom("", "apps", "metrics.k8s.io", "*"),
      resource: fc.constantFrom("pods", "deployments", "users", "secrets", "*"),
      subresource: fc.constantFrom("", "", "log", "scale", "exec"),
      name: fc.constantFrom("", "", "a", "b", "c", "*"),
      namespace: fc.constantFrom("", ...namespaces, "elsewhere"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...caller,
      verb: fc.constantFrom("get", "post", "put"),
      nonResourceURL: fc.constantFrom(
        "/logs",
        "/logs/",
        "/logs/a",
        "/logs/abc",
        "/logsx",
        "/a",
        "/a/b",
        "/healthz",
        "/version",
      ),
    }),
  },
);
type Question = ReturnType<typeof rbacQuery.parse>;

let api: TestApiServer;
let roles: Roles;

beforeAll(async () => {
  api = await startApiServer({ controllers: true });
  for (const name of namespaces) {
    await made("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }
  const [given] = fc.sample(world, { numRuns: 1, seed });
  if (given) for (const [path, object] of objectsOf(given)) await made(path, object);
  // Each kind has a cache of its own in the server; what was written last is seen last.
  await made(`${rbac}/clusterroles`, {
    ...role("ClusterRole", "last", [{ verbs: ["last"], apiGroups: ["last"], resources: ["last"] }]),
  });
  await made(
    `${rbac}/namespaces/one/roles`,
    role("Role", "last", [{ verbs: ["last"], apiGroups: ["last"], resources: ["ns"] }]),
  );
  const last = [{ kind: "User", apiGroup: group, name: "last" }];
  await made(
    `${rbac}/clusterrolebindings`,
    binding("ClusterRoleBinding", "last", roleRef("ClusterRole", "last"), last),
  );
  await made(`${rbac}/namespaces/one/rolebindings`, binding("RoleBinding", "last", roleRef("Role", "last"), last));
  const asks = { user: "last", verb: "last", apiGroup: "last" };
  await until("cluster roles", async () => (await answered({ ...asks, resource: "last" })) || "not allowed yet");
  await until(
    "roles",
    async () => (await answered({ ...asks, resource: "ns", namespace: "one" })) || "not allowed yet",
  );
  await until("aggregated roles", async () => {
    // Anew each time: the server goes on making its own roles after it has said that it is ready.
    roles = readRoles(await dump());
    const different = await aggregatedDifferently();
    return Object.keys(different).length === 0 || JSON.stringify(different);
  });
});
afterAll(() => api?.close());

describe(`the RBAC evaluator beside a real API server (seed ${seed})`, () => {
  it(`answers ${questions} random questions as its SubjectAccessReview does`, async () => {
    const asked = fc.sample(question, { numRuns: questions, seed }).map((one) => rbacQuery.parse(one));
    const answers = await mapInFlight(asked, 16, async (one) => ({
      asked: one,
      ours: authorize(roles, one),
      theirs: await answered(one),
    }));
    expect(answers.filter(({ ours, theirs }) => ours.allowed !== theirs)).toEqual([]);
    const allowed = answers.filter(({ theirs }) => theirs).length;
    console.log(`${answers.length} questions, ${allowed} allowed, 0 differences, seed ${seed}`);
    // A world in which hardly anything is allowed, or refused, would prove little.
    expect(allowed).toBeGreaterThan(questions / 50);
    expect(allowed).toBeLessThan((questions * 49) / 50);
  });

  it("fills aggregated roles with the very rules that the controller writes, Kubernetes' own and ours", async () => {
    expect(await aggregatedDifferently()).toEqual({});
    expect(roles.rules.get("ClusterRole/gathered")?.length).toBeGreaterThan(0);
    expect(roles.rules.get("ClusterRole/admin")?.length).toBeGreaterThan(10);
  });
});

function role(kind: string, name: string, given: object[], more: object = {}) {
  return { apiVersion: `${group}/v1`, kind, metadata: { name, ...more }, rules: given };
}

function binding(kind: string, name: string, ref: object, subjects: object[]) {
  return { apiVersion: `${group}/v1`, kind, metadata: { name }, roleRef: ref, subjects };
}

/** Some bind a role that does not exist: there are fewer than the numbers that are bound. */
function objectsOf(given: typeof world extends fc.Arbitrary<infer T> ? T : never): [path: string, object: object][] {
  const gathers = { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: "yes" } }] } };
  return [
    ...given.clusterRoles.map((list, at): [string, object] => [
      `${rbac}/clusterroles`,
      role("ClusterRole", `r${at}`, list, at % 5 === 0 ? { labels: { part: "yes" } } : {}),
    ]),
    [`${rbac}/clusterroles`, { ...role("ClusterRole", "gathered", [], { labels: { top: "yes" } }), ...gathers }],
    ...given.roles.map(([namespace, list], at): [string, object] => [
      `${rbac}/namespaces/${namespace}/roles`,
      role("Role", `r${at}`, list),
    ]),
    ...given.clusterBindings.map(([to, who], at): [string, object] => [
      `${rbac}/clusterrolebindings`,
      binding("ClusterRoleBinding", `b${at}`, roleRef("ClusterRole", to === 10 ? "gathered" : `r${to}`), [who]),
    ]),
    ...given.bindings.map(([to, cluster, namespace, who], at): [string, object] => [
      `${rbac}/namespaces/${namespace}/rolebindings`,
      binding("RoleBinding", `b${at}`, roleRef(cluster ? "ClusterRole" : "Role", `r${to}`), [who]),
    ]),
  ];
}

async function made(path: string, body: object): Promise<void> {
  const { status, message } = await api.ask("POST", path, { body });
  if (status !== 201) throw new Error(`${path}: ${status} ${message}`);
}

async function dump() {
  const kinds = ["clusterroles", "clusterrolebindings", "roles", "rolebindings"];
  const lists = await Promise.all(kinds.map((kind) => api.ask("GET", `${rbac}/${kind}`)));
  return lists.flatMap(({ object }, at) => manifestsFrom(object, kinds[at] ?? ""));
}

/** The server is not told a service account's groups by the account's name; a real request of it carries them. */
async function answered(given: Partial<Question>): Promise<boolean> {
  const { user, groups: named = [], verb, apiGroup, resource, subresource, name, namespace, nonResourceURL } = given;
  const [, home] = /^system:serviceaccount:(.*):/.exec(user ?? "") ?? [];
  const own = home ? ["system:serviceaccounts", `system:serviceaccounts:${home}`, "system:authenticated"] : [];
  const about = nonResourceURL
    ? { nonResourceAttributes: { path: nonResourceURL, verb } }
    : { resourceAttributes: { verb, group: apiGroup, resource, subresource, name, namespace } };
  const { object, status, message } = await api.ask("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: { user, groups: [...named, ...own], ...about },
    },
  });
  if (status !== 201) throw new Error(message);
  return (object.status as { allowed?: boolean }).allowed === true;
}

/** Names of aggregated roles whose stored rules are others than ours. */
async function aggregatedDifferently(): Promise<Record<string, unknown>> {
  const { object } = await api.ask("GET", `${rbac}/clusterroles`);
  const items = object.items as { metadata: { name: string }; aggregationRule?: object; rules?: object[] }[];
  return Object.fromEntries(
    items
      .filter(({ aggregationRule }) => aggregationRule)
      .map(
        ({ metadata, rules: stored }) =>
          [
            metadata.name,
            { stored: sorted(stored ?? []), ours: sorted(roles.rules.get(`ClusterRole/${metadata.name}`) ?? []) },
          ] as const,
      )
      .filter(([, { stored, ours }]) => JSON.stringify(stored) !== JSON.stringify(ours)),
  );
}

/** As comparable text: the server leaves out what is empty. */
function sorted(list: readonly object[]): string[] {
  return list
    .map((rule) =>
      JSON.stringify(
        Object.entries(rule)
          .filter(([, words]) => words.length > 0)
          .sort(),
      ),
    )
    .sort();
}

/** @param holds true, or what is not so yet */
async function until(what: string, holds: () => Promise<true | string>): Promise<void> {
  const end = Date.now() + 120_000;
  for (let held = await holds(); held !== true; held = await holds()) {
    if (api.ended() || Date.now() > end)
      throw new Error(`the API server did not come to see the ${what} that were written: ${held}\n${api.ended()}`);
    await sleep(200);
  }
}
