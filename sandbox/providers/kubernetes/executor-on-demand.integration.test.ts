/** The executor's caches on a real API server, with its own rights: a namespace on demand is waited for by nobody. */
import { ApiException, KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { permissionOf } from "../../../components/compute-plane/permissions.ts";
import { taskActionCrd } from "../../../components/workloads/task-action-crd.ts";
import { type Caches, startCaches } from "../../../services/data/executor/informers.ts";
import { kubernetesCluster } from "../../../services/data/executor/kubernetes-cluster.ts";
import { kubernetesRetirement } from "../../../services/data/executor/retirement.ts";
import { labels, manager } from "../../../services/data/executor/task-action.ts";
import { recordingLog } from "../../../services/shared/testing/log.ts";
import { startApiServer, type TestApiServer } from "./testing/api-server.ts";

const platform = "union";
const [here, later] = ["here-development", "later-development"];
const served = { namespaces: [here, later], onDemand: new Set([later]) };
const rbac = "/apis/rbac.authorization.k8s.io/v1";

let api: TestApiServer;
let kube: KubeConfig;
beforeAll(async () => {
  api = await startApiServer();
  await made("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
    ...{ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" },
    ...taskActionCrd,
  });
  await namespace(platform);
  await made(`/api/v1/namespaces/${platform}/serviceaccounts`, account("executor", platform));
  const { object } = await api.ask("POST", `/api/v1/namespaces/${platform}/serviceaccounts/executor/token`, {
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } },
  });
  kube = new KubeConfig();
  kube.loadFromString(api.kubeconfig.replace(api.token, (object.status as { token: string }).token));
  await project(here);
}, 120_000);
afterAll(() => api?.close());

async function made(path: string, body: object): Promise<void> {
  const { status, message } = await api.ask("POST", path, { body });
  if (status !== 201) throw new Error(`${path}: ${message}`);
}

const namespace = (name: string) =>
  made("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
const account = (name: string, home: string) => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name, namespace: home },
});

/** With the rights of the table. */
async function project(name: string) {
  await namespace(name);
  await made(`/api/v1/namespaces/${name}/serviceaccounts`, account("default", name));
  const metadata = { name: "executor", namespace: name };
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const { rules } = permissionOf("executor");
  await made(`${rbac}/namespaces/${name}/roles`, { apiVersion, kind: "Role", metadata, rules });
  await made(`${rbac}/namespaces/${name}/rolebindings`, {
    ...{ apiVersion, kind: "RoleBinding", metadata },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "executor" },
    subjects: [{ kind: "ServiceAccount", name: "executor", namespace: platform }],
  });
}

const pod = (name: string, home: string) =>
  made(`/api/v1/namespaces/${home}/pods`, {
    ...{ apiVersion: "v1", kind: "Pod", metadata: { name, namespace: home, labels: { [labels.managedBy]: manager } } },
    spec: { containers: [{ name: "main", image: "x" }] },
  });
const names = ({ pods }: Caches) =>
  pods
    .all()
    .map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`)
    .sort();

test("it starts while the namespace is not there, knows nothing in it, and takes it up when it is made", async () => {
  const { log } = recordingLog();
  const stop = new AbortController();
  const seen: string[] = [];
  const events = {
    action: () => {},
    actionDeleted: () => {},
    pod: ({ metadata }: { metadata?: { name?: string } }) => void seen.push(metadata?.name ?? ""),
  };
  await pod("first", here);
  const caches = await startCaches(kube, served, events, log, stop.signal);
  expect(names(caches)).toEqual([`${here}/first`]);
  const cluster = kubernetesCluster(kube, served.onDemand);
  expect(await cluster.readAction(later, "r1-a0")).toBeUndefined();
  const retirement = kubernetesRetirement(kube, { namespace: platform, name: "executor" }, served);
  expect(await retirement.actions()).toEqual([]);

  await project(later);
  await pod("second", later);
  await expect.poll(() => names(caches), { timeout: 60_000 }).toEqual([`${here}/first`, `${later}/second`]);
  expect(seen).toContain("second");
  stop.abort();
}, 120_000);

test("an action that comes before its namespace is left to be leased again, and blames no author", async () => {
  const action = {
    apiVersion: "flyte.org/v1",
    kind: "TaskAction",
    metadata: { name: "r1-a0", namespace: "unmade-development" },
    spec: {
      ...{ runName: "r1", project: "unmade", domain: "development", actionName: "a0", taskType: "python" },
      ...{ taskTemplate: "", inputUri: "s3://m/in", runOutputBase: "s3://m/out" },
    },
  };
  const cluster = kubernetesCluster(kube, new Set(["unmade-development"]));
  const refused = await cluster.createAction(action).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ApiException);
  expect(refused).toMatchObject({ code: 403 });
});

test("a refusal in a namespace that is always there is an error", async () => {
  const cluster = kubernetesCluster(kube, new Set());
  await expect(cluster.readAction("never-development", "r1-a0")).rejects.toThrow();
});
