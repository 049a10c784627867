/** The apps service on a real API server that has Knative's resources by name: nobody runs what it makes. */
import { KubeConfig } from "@kubernetes/client-node";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Apps, startApps } from "../../../services/data/apps/apps.ts";
import { kubernetesAppCluster } from "../../../services/data/apps/cluster.ts";
import { followApps } from "../../../services/data/apps/informers.ts";
import { planService } from "../../../services/data/apps/plan.ts";
import { appSettings, desired } from "../../../services/data/apps/testing/apps.ts";
import { fakeRegion } from "../../../services/data/apps/testing/fake-region.ts";
import { recordingLog } from "../../../services/shared/testing/log.ts";
import { startApiServer, type TestApiServer } from "./testing/api-server.ts";

const namespace = "demo-development";
const group = "serving.knative.dev";
const services = `/apis/${group}/v1/namespaces/${namespace}/services`;
const patience = { timeout: 60_000 };

let api: TestApiServer;
let kube: KubeConfig;
let running: Apps | undefined;
beforeAll(async () => {
  api = await startApiServer();
  for (const [kind, plural] of [
    ["Service", "services"],
    ["Revision", "revisions"],
  ] as const) {
    await made("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition(kind, plural));
  }
  await made("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  kube = new KubeConfig();
  kube.loadFromString(api.kubeconfig);
}, 180_000);
afterEach(async () => {
  await running?.stop();
  running = undefined;
});
afterAll(() => api?.close());

async function made(path: string, body: object): Promise<void> {
  const { status, message } = await api.ask("POST", path, { body });
  if (status !== 201) throw new Error(`${path}: ${message}`);
}

/** Of what Knative checks only that a request waits for ten minutes at most. */
function definition(kind: string, plural: string) {
  const any = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const timeoutSeconds = { type: "integer", maximum: 600 };
  const pods = { ...any, properties: { spec: { ...any, properties: { timeoutSeconds } } } };
  const spec = { ...any, properties: { template: pods } };
  const schema = { openAPIV3Schema: { type: "object", properties: { spec, status: any } } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      ...{ group, scope: "Namespaced", names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` } },
      versions: [{ name: "v1", served: true, storage: true, schema, subresources: { status: {} } }],
    },
  };
}

const named = async (name: string) => {
  const { object } = await api.ask("GET", `${services}/${name}`);
  return (object.metadata ?? {}) as { generation?: number; uid?: string; deletionTimestamp?: string };
};

function start(region: ReturnType<typeof fakeRegion>) {
  const { log } = recordingLog();
  const served = { namespaces: [namespace, "later-development"], onDemand: new Set(["later-development"]) };
  running = startApps({
    cluster: kubernetesAppCluster(kube),
    watch: (changed, signal) => followApps(kube, served, changed, log, signal),
    ...{ upstream: { transport: region.transport }, settings: appSettings, appsDomain: "apps.acme.test", log },
  });
}

test("an app becomes a Service, is made again where somebody removed it, and goes when it is dropped", async () => {
  const region = fakeRegion();
  region.want(desired());
  start(region);
  await expect.poll(async () => (await named("hello")).generation, patience).toBe(1);
  const status = {
    ...{ observedGeneration: 1, latestCreatedRevisionName: "hello-00001" },
    conditions: [{ type: "Ready", status: "True" }],
  };
  const { metadata } = planService(desired(), appSettings);
  await made(`/apis/${group}/v1/namespaces/${namespace}/revisions`, {
    ...{ apiVersion: `${group}/v1`, kind: "Revision", spec: {} },
    metadata: { name: "hello-00001", namespace, labels: metadata.labels },
  });
  const said = await api.ask("PATCH", `${services}/hello/status`, {
    ...{ body: { status }, contentType: "application/merge-patch+json" },
  });
  expect(said.status).toBe(200);
  await expect.poll(() => region.told("hello").at(-1), patience).toBe("ACTIVE");
  // Told again it is what it was.
  region.want(desired());
  region.away = true;
  region.away = false;
  await expect.poll(() => region.domains.length, patience).toBe(2);
  expect((await named("hello")).generation).toBe(1);

  const { uid: first } = await named("hello");
  await api.ask("DELETE", `${services}/hello`);
  const another = async () => ![first, undefined].includes((await named("hello")).uid);
  await expect.poll(another, patience).toBe(true);
  region.drop(desired());
  // Nobody here collects what is to go after it, which it waits for.
  await expect.poll(async () => (await named("hello")).deletionTimestamp, patience).toBeDefined();
}, 180_000);

test("what the API server does not take is told in its words", async () => {
  const region = fakeRegion();
  region.want(desired({ timeouts: { requestTimeout: { seconds: 900n } } }, { name: "slow", uid: "u-slow" }));
  start(region);
  await expect.poll(() => region.told("slow").at(-1), patience).toBe("FAILED");
  expect(region.reports.at(-1)?.message).toMatch(/the cluster refused the app: .*timeoutSeconds.*600/);
}, 120_000);

test("a Service of somebody else's is neither changed nor removed", async () => {
  await made(services, {
    apiVersion: `${group}/v1`,
    kind: "Service",
    metadata: { name: "theirs", namespace },
    spec: {},
  });
  const region = fakeRegion();
  const app = desired({}, { name: "theirs", uid: "u-theirs" });
  region.want(app);
  start(region);
  await expect.poll(() => region.told("theirs").at(-1), patience).toBe("FAILED");
  expect(region.reports.at(-1)?.message).toMatch(/demo-development\/theirs is there that this platform did not make/);
  region.drop(app);
  region.want(desired({}, { name: "after", uid: "u-after" }));
  await expect.poll(async () => (await api.ask("GET", `${services}/after`)).status, patience).toBe(200);
  expect((await named("theirs")).generation).toBe(1);
}, 120_000);
