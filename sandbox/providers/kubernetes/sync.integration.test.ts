/** The sync on a real API server, as its own account: its rights, its fence, and what it makes, puts right and leaves. */
import { setTimeout as sleep } from "node:timers/promises";
import { KubeConfig } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AdmissionArgs, planAdmission } from "../../../components/admission/plan.ts";
import { policyName, renderBinding, renderPolicy } from "../../../components/admission/policy.ts";
import { marked, syncClusterRole, syncPermissions } from "../../../components/compute-plane/on-demand.ts";
import type { Manifest } from "../../../components/compute-plane/project-plan.ts";
import { parkedQuota, projectQuota } from "../../../components/compute-plane/project-quota.ts";
import { kubernetesObjects } from "../../../services/data/sync/kubernetes-objects.ts";
import { NotOursError } from "../../../services/data/sync/objects.ts";
import { reconcile, type Standing } from "../../../services/data/sync/reconcile.ts";
import { planOf, type Settings, type Space } from "../../../services/data/sync/settings.ts";
import { type Answer, startApiServer, type TestApiServer } from "./testing/api-server.ts";
import { serviceImage } from "./testing/objects.ts";

const platform = "union";
const roleArn = "arn:aws:iam::111111111111:role/userflyterole";
const space = (project: string): Space => ({ project, domain: "development", roleArn });
const names = ["new", "drift", "taken", "mixed", "parked", "fence", "loose", "bare", "theirs"];
const settings: Settings = {
  org: "acme",
  platform,
  dnsServers: ["169.254.20.10/32"],
  egress: { cloudflareRanges: true, endpoints: ["10.40.0.0/16"] },
  projects: names.map(space),
};
const apiKey = "a2V5LW9mLWEtdGVzdA==";
const namespaceOf = ({ project, domain }: Space) => `${project}-${domain}`;
const namespaces = settings.projects.map(namespaceOf);

const args: AdmissionArgs = {
  namespace: platform,
  projectNamespaces: namespaces,
  images: { platform: [serviceImage] },
  roles: Object.fromEntries(namespaces.map((namespace) => [`${namespace}/default`, roleArn])),
  sync: { onDemand: settings.projects, settings },
};

let api: TestApiServer;
let objects: ReturnType<typeof kubernetesObjects>;
/** Tokens cannot be had by impersonation: calls of the sync's that its own code never makes. */
const asSync = {
  user: `system:serviceaccount:${platform}:sync`,
  groups: ["system:serviceaccounts", "system:authenticated"],
};

beforeAll(async () => {
  api = await startApiServer({ controllers: true });
  await made("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: platform } });
  const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "sync", namespace: platform } };
  await made(`/api/v1/namespaces/${platform}/serviceaccounts`, account);
  await grant();
  for (const policy of planAdmission(args)) {
    const metadata = { name: policyName(policy, platform) };
    const apiVersion = "admissionregistration.k8s.io/v1";
    const kind = "ValidatingAdmissionPolicy";
    const path = `/apis/${apiVersion}/validatingadmissionpolicies`;
    await made(path, { apiVersion, kind, metadata, spec: await known(renderPolicy(policy)) });
    const binding = { apiVersion, kind: `${kind}Binding`, metadata, spec: renderBinding(policy, metadata.name) };
    await made(`/apis/${apiVersion}/validatingadmissionpolicybindings`, binding);
  }
  objects = kubernetesObjects(await loginOfSync(), { namespace: platform, name: "sync" });
  // Policies are read anew about once a second.
  // Dropped from the plan's first object, its project's label is refused by the fence and by no other policy.
  let answer = await tryAsSync(unlabelled("fence"));
  for (let waited = 0; !answer.message.includes("is not the sync's"); waited += 200) {
    if (waited > 60_000) throw new Error(`the fence does not come into force: ${answer.message}`);
    await sleep(200);
    answer = await tryAsSync(unlabelled("fence"));
  }
}, 120_000);
afterAll(() => api?.close());

const known = (value: unknown) =>
  new Promise<object>((resolve) => pulumi.output(value as object).apply((settled) => resolve(settled)));

async function made(path: string, body: object): Promise<void> {
  const { status, message } = await api.ask("POST", `${path}?fieldValidation=Strict`, { body });
  if (status !== 201) throw new Error(`${path}: ${message}`);
}

/** As the kit grants them. */
async function grant() {
  const group = "rbac.authorization.k8s.io";
  for (const { where, rules, account } of syncPermissions(settings.projects)) {
    const isCluster = where === "cluster";
    const name = isCluster ? syncClusterRole(platform) : "sync";
    const metadata = isCluster ? { name } : { name, namespace: platform };
    const kind = isCluster ? "ClusterRole" : "Role";
    const path = `/apis/${group}/v1${isCluster ? "" : `/namespaces/${platform}`}/${kind.toLowerCase()}`;
    const subjects = [{ kind: "ServiceAccount", name: account, namespace: platform }];
    await made(`${path}s`, { apiVersion: `${group}/v1`, kind, metadata, rules });
    const roleRef = { apiGroup: group, kind, name };
    await made(`${path}bindings`, { apiVersion: `${group}/v1`, kind: `${kind}Binding`, metadata, roleRef, subjects });
  }
}

async function loginOfSync(): Promise<KubeConfig> {
  const { object } = await api.ask("POST", `/api/v1/namespaces/${platform}/serviceaccounts/sync/token`, {
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } },
  });
  const { token } = object.status as { token: string };
  const config = new KubeConfig();
  config.loadFromString(api.kubeconfig.replace(api.token, token));
  return config;
}

const nothing = { made: [], putRight: [], foreign: [], ending: false };
const look = (of: Space, standing: Standing = "active") =>
  reconcile(planOf(of, standing, settings, apiKey), standing, objects);
const get = async <T = Record<string, never>>(path: string) => (await api.ask("GET", path)).object as T;
const patch = async (path: string, body: object) => {
  const { status, message } = await api.ask("PATCH", path, { body, contentType: "application/merge-patch+json" });
  if (status !== 200) throw new Error(message);
};
const bareNamespace = (project: string): Manifest =>
  marked({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespaceOf(space(project)) } });

/** Restricted, and not said whose it is. */
function unlabelled(project: string): Manifest {
  const restricted = { "pod-security.kubernetes.io/enforce": "restricted" };
  return marked({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: namespaceOf(space(project)), labels: restricted },
  });
}

const plurals: Record<string, string> = {
  Namespace: "/api/v1/namespaces",
  NetworkPolicy: "networking.k8s.io/v1",
  Role: "rbac.authorization.k8s.io/v1",
};
/** An apply by the sync that its own code would not send; dry. */
function tryAsSync(manifest: Manifest, verb = "PATCH"): Promise<Answer> {
  const { kind, metadata } = manifest;
  const path = {
    Namespace: "/api/v1/namespaces",
    Pod: `/api/v1/namespaces/${metadata.namespace}/pods`,
    Secret: `/api/v1/namespaces/${metadata.namespace}/secrets`,
    ServiceAccount: `/api/v1/namespaces/${metadata.namespace}/serviceaccounts`,
    ResourceQuota: `/api/v1/namespaces/${metadata.namespace}/resourcequotas`,
    NetworkPolicy: `/apis/${plurals.NetworkPolicy}/namespaces/${metadata.namespace}/networkpolicies`,
    Role: `/apis/${plurals.Role}/namespaces/${metadata.namespace}/roles`,
    RoleBinding: `/apis/${plurals.Role}/namespaces/${metadata.namespace}/rolebindings`,
  }[kind];
  if (!path) throw new Error(`no path of ${kind}`);
  if (verb === "POST") return api.ask("POST", `${path}?dryRun=All`, { body: manifest, as: asSync });
  const named = `${path}/${metadata.name}?dryRun=All&fieldManager=biplane-sync&force=true`;
  const contentType = "application/apply-patch+yaml";
  return api.ask(verb, named, verb === "DELETE" ? { as: asSync } : { body: manifest, contentType, as: asSync });
}

describe("a project-domain on demand", () => {
  test("gets the plan's 14 objects, made by the sync's own manager, and nothing at the next look", async () => {
    const first = await look(space("new"));
    expect(first.foreign).toEqual([]);
    expect(first.made).toContain("Namespace new-development");
    expect(first.made).toContain("RoleBinding new-development/executor");
    expect(await look(space("new"))).toEqual(nothing);
    const live = await Promise.all(
      planOf(space("new"), "active", settings, apiKey)
        .filter(({ kind }) => kind !== "Secret")
        .map((manifest) => objects.read(manifest)),
    );
    expect(live.every((object) => object?.metadata.labels?.["app.kubernetes.io/managed-by"] === "biplane-sync")).toBe(
      true,
    );
    const secret = await get("/api/v1/namespaces/new-development/secrets/eager-api-key");
    expect(secret).toMatchObject({ data: { "api-key": Buffer.from(apiKey).toString("base64") } });
    const account = await get("/api/v1/namespaces/new-development/serviceaccounts/default");
    expect(account).toMatchObject({
      automountServiceAccountToken: false,
      metadata: { annotations: { "eks.amazonaws.com/role-arn": roleArn } },
    });
  });

  test("is put right where it was changed, taken away or added to", async () => {
    await look(space("drift"));
    const at = "/namespaces/drift-development";
    await patch(`/api/v1${at}/resourcequotas/quota`, { spec: { hard: { pods: "9000", "count/jobs.batch": "1" } } });
    await patch(`/apis/networking.k8s.io/v1${at}/networkpolicies/default-deny`, { spec: { ingress: [{}] } });
    await patch(`/apis/rbac.authorization.k8s.io/v1${at}/roles/logs`, { rules: [] });
    await api.ask("DELETE", `/api/v1${at}/limitranges/defaults`);
    await patch(`/api/v1${at}/secrets/eager-api-key`, { data: { "api-key": "eA==" } });
    const { made, putRight, foreign } = await look(space("drift"));
    expect(made).toEqual(["LimitRange drift-development/defaults"]);
    expect(putRight.sort()).toEqual([
      "NetworkPolicy drift-development/default-deny",
      "ResourceQuota drift-development/quota",
      "Role drift-development/logs",
    ]);
    expect(foreign).toEqual([]);
    const { spec } = await get(`/api/v1${at}/resourcequotas/quota`);
    expect(spec).toEqual({ hard: projectQuota });
    const open = await get(`/apis/networking.k8s.io/v1${at}/networkpolicies/default-deny`);
    expect(open.spec).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    expect(await get(`/api/v1${at}/secrets/eager-api-key`)).toMatchObject({
      data: { "api-key": Buffer.from(apiKey).toString("base64") },
    });
  });

  test("is left alone where another's namespace has its name, and that is told", async () => {
    const metadata = { name: "taken-development", labels: { "pod-security.kubernetes.io/enforce": "restricted" } };
    await made("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata });
    const before = await get("/api/v1/namespaces/taken-development");
    expect(await look(space("taken"))).toEqual({ ...nothing, foreign: ["Namespace taken-development"] });
    expect(await get("/api/v1/namespaces/taken-development")).toEqual(before);
    const within = await get("/api/v1/namespaces/taken-development/resourcequotas");
    expect(within.items).toEqual([]);
    for (const message of ["first", "again"]) await objects.tell("Namespace taken-development", message);
    const { items } = await get<{
      items: { reason: string; message: string; involvedObject: { kind: string; name: string } }[];
    }>(`/api/v1/namespaces/${platform}/events`);
    expect(items.filter(({ reason }) => reason === "LeftAlone")).toMatchObject([
      { message: "again", involvedObject: { kind: "Deployment", name: "sync" } },
    ]);
  });

  test("is made around another's object, which stays as it is, its Secret too", async () => {
    const namespace = "mixed-development";
    const [first] = planOf(space("mixed"), "active", settings, apiKey);
    if (!first) throw new Error("a plan begins with its namespace");
    await objects.apply(marked(first));
    await made(`/api/v1/namespaces/${namespace}/resourcequotas`, {
      ...{ apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "quota", namespace } },
      spec: { hard: { pods: "3" } },
    });
    await made(`/api/v1/namespaces/${namespace}/secrets`, {
      ...{ apiVersion: "v1", kind: "Secret", metadata: { name: "eager-api-key", namespace } },
      stringData: { own: "kept" },
    });
    const { made: all, foreign } = await look(space("mixed"));
    expect(foreign).toEqual([`ResourceQuota ${namespace}/quota`, `Secret ${namespace}/eager-api-key`]);
    expect(all).toContain(`NetworkPolicy ${namespace}/default-deny`);
    expect((await get(`/api/v1/namespaces/${namespace}/resourcequotas/quota`)).spec).toEqual({ hard: { pods: "3" } });
    const { data } = await get(`/api/v1/namespaces/${namespace}/secrets/eager-api-key`);
    expect(Object.keys(data ?? {})).toEqual(["own"]);
  });

  test("whose project is archived keeps its objects and starts no pod; it goes on when the project does", async () => {
    expect(await look(space("bare"), "parked")).toEqual(nothing);
    expect((await api.ask("GET", "/api/v1/namespaces/bare-development")).status).toBe(404);
    await look(space("parked"));
    const quota = "ResourceQuota parked-development/quota";
    expect(await look(space("parked"), "parked")).toEqual({ ...nothing, putRight: [quota] });
    const { spec } = await get("/api/v1/namespaces/parked-development/resourcequotas/quota");
    expect(spec).toMatchObject({ hard: { pods: "0" } });
    expect((await look(space("parked"))).putRight).toEqual([quota]);
  });
});

describe("the sync's account", () => {
  const within = (name: string, namespace = "fence-development") => ({ name, namespace });
  const rbac = "rbac.authorization.k8s.io/v1";

  beforeAll(async () => {
    await look(space("fence"));
    const metadata = { name: "theirs-development", labels: { "pod-security.kubernetes.io/enforce": "restricted" } };
    await made("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata });
  });

  test.each<[string, Manifest, string?]>([
    ["makes no namespace that is not declared", bareNamespace("stranger")],
    ["makes nothing by a POST, whose name RBAC does not see", bareNamespace("loose"), "POST"],
    ["deletes nothing", bareNamespace("fence"), "DELETE"],
    ["runs no pod", { apiVersion: "v1", kind: "Pod", metadata: within("x"), spec: {} }],
    ["writes no other Secret", { apiVersion: "v1", kind: "Secret", metadata: within("other") }],
    ["makes no role of another name", marked({ apiVersion: rbac, kind: "Role", metadata: within("admin"), rules: [] })],
  ])("%s: RBAC", async (_, manifest, verb) => {
    const { status, message } = await tryAsSync(manifest, verb);
    expect(message).toMatch(/cannot (create|patch|delete) resource/);
    expect(status).toBe(403);
  });

  const policySpec = { podSelector: {}, policyTypes: ["Ingress", "Egress"], ingress: [{}] };
  const rules = [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"], resourceNames: ["x"] }];
  const executor = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "executor" };
  test.each<[string, Manifest, string]>([
    ["a namespace that is restricted and says nothing more", unlabelled("loose"), "its labels are others than planned"],
    [
      "an object without its mark",
      { apiVersion: "v1", kind: "ResourceQuota", metadata: within("quota"), spec: { hard: parkedQuota } },
      "it would not be known as made by it",
    ],
    [
      "a policy that lets in",
      marked({
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: within("default-deny"),
        spec: policySpec,
      }),
      "it is not as planned",
    ],
    [
      "a role of a planned name with other rules",
      marked({ apiVersion: rbac, kind: "Role", metadata: within("executor"), rules }),
      "it is not as planned",
    ],
    [
      "a planned binding of another account",
      marked({
        ...{ apiVersion: rbac, kind: "RoleBinding", metadata: within("executor"), roleRef: executor },
        subjects: [{ kind: "ServiceAccount", name: "sync", namespace: platform }],
      }),
      "it is not as planned",
    ],
    [
      "a planned object in Kubernetes' own namespace",
      marked({ apiVersion: rbac, kind: "Role", metadata: within("executor", "kube-system"), rules }),
      "the stack declares no such project as on demand",
    ],
    [
      "the account of Kubernetes' own namespace",
      marked({ apiVersion: "v1", kind: "ServiceAccount", metadata: within("default", "kube-system") }),
      "the stack declares no such project as on demand",
    ],
    [
      "a planned role in another's namespace that has a declared name",
      marked({ apiVersion: rbac, kind: "Role", metadata: within("executor", "theirs-development"), rules }),
      "it did not make that namespace",
    ],
    [
      "the account of another's namespace that has a declared name",
      marked({ apiVersion: "v1", kind: "ServiceAccount", metadata: within("default", "theirs-development") }),
      "it did not make that namespace",
    ],
    [
      "an account that mounts its token",
      marked({
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: within("default"),
        automountServiceAccountToken: true,
      }),
      "it is not as planned",
    ],
  ])("is refused %s by its fence, though RBAC lets it", async (_, manifest, words) => {
    const { status, message } = await tryAsSync(manifest);
    expect(message).toContain("ValidatingAdmissionPolicy 'sync.union.biplane.dev'");
    expect(message).toContain("is not the sync's");
    expect(message).toContain(words);
    expect(status).toBe(403);
  });

  test("cannot take over a namespace of another by applying to it", async () => {
    const metadata = { name: "loose-development", labels: { "pod-security.kubernetes.io/enforce": "restricted" } };
    await made("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata });
    const [first] = planOf(space("loose"), "active", settings, apiKey);
    if (!first) throw new Error("a plan begins with its namespace");
    await expect(objects.apply(marked(first))).rejects.toThrow(NotOursError);
  });

  test("reads no Secret, not even the one that it writes", async () => {
    const path = "/api/v1/namespaces/fence-development/secrets/eager-api-key";
    expect((await api.ask("GET", path, { as: asSync })).status).toBe(403);
  });

  test("is bound to its own cluster role; no other account of ours is, and it is to no other", async () => {
    const bind = (name: string, role: string) =>
      api.ask("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings?dryRun=All", {
        body: {
          ...{ apiVersion: rbac, kind: "ClusterRoleBinding", metadata: { name: "tried" } },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
          subjects: [{ kind: "ServiceAccount", name, namespace: platform }],
        },
      });
    expect((await bind("sync", syncClusterRole(platform))).status).toBe(201);
    for (const [name, role] of [
      ["executor", syncClusterRole(platform)],
      ["sync", "view"],
    ] as const) {
      expect((await bind(name, role)).message).toContain(`gives ServiceAccount ${name} a role in the whole cluster`);
    }
  });
});
