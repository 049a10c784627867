/** The kubernetes provider on a real API server: the customer's node, or the one that BIPLANE_TEST_KUBECONFIG names. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Provider } from "@pulumi/kubernetes";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/index.js";
import { CustomResourceDefinition } from "@pulumi/kubernetes/apiextensions/v1/index.js";
import { Deployment } from "@pulumi/kubernetes/apps/v1/index.js";
import { ConfigMap, Namespace, Secret } from "@pulumi/kubernetes/core/v1/index.js";
import { Role, RoleBinding } from "@pulumi/kubernetes/rbac/v1/index.js";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UserError } from "../../../shared/errors.ts";
import {
  destroyStack,
  importResource,
  previewStack,
  refreshStack,
  type StackRun,
  upStack,
} from "../../engine/index.ts";
import { toolchain } from "../../engine/testing/emulated.ts";
import { paths } from "../../paths.ts";
import { serveAll } from "../index.ts";
import { type Cluster, openCluster } from "./client.ts";
import { kubernetesPackage } from "./index.ts";

const kubeconfigFile = process.env.BIPLANE_TEST_KUBECONFIG ?? join(paths().credentials, "kubeconfig-customer");
const kubeconfig = readFileSync(kubeconfigFile, "utf8");
const state = mkdtempSync(join(tmpdir(), "biplane-kubernetes-"));
const sandbox = { paths: paths({ BIPLANE_STATE: state }), tools: toolchain(), progress: () => {} };
const namespace = `provider-${process.pid}`;
const group = `p${process.pid}.biplane.test`;
const inNamespace = (name: string, more: object = {}) => ({ metadata: { name, namespace, ...more } });

let cluster: Cluster;
beforeAll(async () => {
  cluster = await openCluster(kubeconfig, {});
});
afterAll(async () => {
  await destroyStack(sandbox, run("objects", {}));
  rmSync(state, { recursive: true, force: true });
});

interface Shape {
  data?: Record<string, string>;
  role?: string;
  import?: boolean;
  broken?: boolean;
}

function run(stack: string, shape: Shape): StackRun {
  const program = async () => {
    const provider = new Provider("cluster", { kubeconfig });
    const home = new Namespace("home", { metadata: { name: namespace } }, { provider });
    const opts = { provider, dependsOn: home };
    new ConfigMap("map", { ...inNamespace("map", { labels: { "a.b/c": "1" } }), data: shape.data ?? { a: "1" } }, opts);
    const secret = new Secret("secret", { ...inNamespace("secret"), stringData: { key: "s3cret" } }, opts);
    for (const name of ["reader", "writer"]) new Role(name, { ...inNamespace(name), rules: [] }, opts);
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: shape.role ?? "reader" };
    new RoleBinding("binding", { ...inNamespace("binding"), roleRef }, opts);
    const names = { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" };
    const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
    const versions = [{ name: "v1", served: true, storage: true, schema }];
    const spec = { group, names, scope: "Namespaced", versions };
    const definition = new CustomResourceDefinition("kind", { metadata: { name: `widgets.${group}` }, spec }, opts);
    const widget = { apiVersion: `${group}/v1`, kind: "Widget", ...inNamespace("one"), spec: { size: 1 } };
    new CustomResource("widget", widget, { provider, dependsOn: [home, definition] });
    if (shape.import) new ConfigMap("found", { ...inNamespace("found"), data: { from: "elsewhere" } }, opts);
    if (shape.broken) new Deployment("broken", { ...inNamespace("broken"), spec: brokenPods }, opts);
    return { data: secret.data };
  };
  const providers = () => serveAll([kubernetesPackage({})]);
  return { stack, program, config: {}, secrets: {}, account: "customer", plane: "customer", providers };
}

const labels = { app: "broken" };
const brokenPods = {
  selector: { matchLabels: labels },
  template: { metadata: { labels }, spec: { containers: [{ name: "main", image: "registry.biplane.test/none:1" }] } },
};

async function planned(shape: Shape): Promise<string[]> {
  const seen: string[] = [];
  const onEvent = ({ resourcePreEvent }: EngineEvent) => {
    const { op = "same", urn = "", detailedDiff } = resourcePreEvent?.metadata ?? {};
    if (op !== "same") seen.push([op, urn.split("::").at(-1), ...Object.keys(detailedDiff ?? {})].join(" "));
  };
  await previewStack(sandbox, { ...run("objects", shape), onEvent });
  return seen;
}

const live = (kind: string, name: string) => cluster.request("GET", `/api/v1/namespaces/${namespace}/${kind}/${name}`);

test("objects of known and custom kinds are made once, and a secret's content rests encrypted", async () => {
  const first = await upStack(sandbox, run("objects", {}));
  expect(first.changes).toEqual({ create: 10 });
  expect(first.secretOutputs).toEqual(["data"]);
  expect((await upStack(sandbox, run("objects", {}))).changes).toEqual({ same: 10 });
  const resting = readFileSync(join(sandbox.paths.stacks, ".pulumi/stacks/biplane/objects.json"), "utf8");
  expect(resting).not.toContain("s3cret");
  expect(resting).not.toContain(Buffer.from("s3cret").toString("base64"));
});

test("a binding to another role is replaced, since the API server would refuse the change", async () => {
  expect(await planned({ role: "writer" })).toContain("replace binding roleRef.name");
  await upStack(sandbox, run("objects", { role: "writer" }));
  const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings/binding`;
  expect((await cluster.request("GET", path))?.roleRef).toMatchObject({ name: "writer" });
  await upStack(sandbox, run("objects", {}));
});

test("a refresh sees a change made by hand, and the next up undoes it", async () => {
  const query = { fieldManager: "hand", force: "true" };
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "map" }, data: { a: "2" } };
  const path = `/api/v1/namespaces/${namespace}/configmaps/map`;
  await cluster.request("PATCH", path, { query, body, contentType: "application/apply-patch+yaml" });
  await cluster.request("DELETE", `/api/v1/namespaces/${namespace}/secrets/secret`);
  expect((await refreshStack(sandbox, run("objects", {}))).changes).toMatchObject({ update: 1, delete: 1 });
  await upStack(sandbox, run("objects", {}));
  expect((await live("configmaps", "map"))?.data).toEqual({ a: "1" });
  expect(await live("secrets", "secret")).toBeDefined();
});

test("an object that exists is imported, and then belongs to the program without a change", async () => {
  const query = { fieldManager: "hand" };
  const data = { from: "elsewhere" };
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "found" }, data };
  const path = `/api/v1/namespaces/${namespace}/configmaps/found`;
  await cluster.request("PATCH", path, { query, body, contentType: "application/apply-patch+yaml" });
  const id = `${namespace}/found`;
  await importResource(sandbox, run("objects", {}), { type: "kubernetes:core/v1:ConfigMap", name: "found", id });
  expect((await upStack(sandbox, run("objects", { import: true }))).changes).toEqual({ same: 11 });
});

test("pods that cannot start are told with their reason, and the next up can mend them", async () => {
  const error = await upStack(sandbox, {
    ...run("objects", { broken: true }),
    signal: AbortSignal.timeout(40_000),
  }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toMatch(/Deployment provider-\d+\/broken is not ready[\s\S]*pod broken-/);
  await upStack(sandbox, run("objects", {}));
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/broken`;
  expect(await cluster.request("GET", path)).toBeUndefined();
});

test("destroy waits until the namespace is really gone", async () => {
  await destroyStack(sandbox, run("objects", {}));
  expect(await cluster.request("GET", `/api/v1/namespaces/${namespace}`)).toBeUndefined();
});
