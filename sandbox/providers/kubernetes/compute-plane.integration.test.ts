/** The whole compute plane on the real engine and a real API server, under its own admission policies. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Provider } from "@pulumi/kubernetes";
import type { ResourceTransform } from "@pulumi/pulumi";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { ComputePlaneArgs } from "../../../components/compute-plane/args.ts";
import { ComputePlane } from "../../../components/compute-plane/compute-plane.ts";
import { sealedDisk } from "../../../components/metrics-store/disks.ts";
import { destroyStack, previewStack, type StackRun, upStack } from "../../engine/index.ts";
import { toolchain } from "../../engine/testing/emulated.ts";
import { paths } from "../../paths.ts";
import { serveAll } from "../index.ts";
import { tlsPackage } from "../tls/index.ts";
import { kubernetesPackage } from "./index.ts";
import { startApiServer, type TestApiServer } from "./testing/api-server.ts";
import { serviceImage } from "./testing/objects.ts";

const state = mkdtempSync(join(tmpdir(), "biplane-plane-"));
const sandbox = { paths: paths({ ...process.env, BIPLANE_STATE: state }), tools: toolchain(), progress: () => {} };

let api: TestApiServer;
beforeAll(async () => {
  api = await startApiServer({ controllers: true });
});
afterAll(async () => {
  await api?.close();
  rmSync(state, { recursive: true, force: true });
});

/** No node runs the pods, so their readiness is not waited for. */
const unawaited: ResourceTransform = async ({ type, props, opts }) => {
  if (!["kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet"].includes(type)) return undefined;
  const annotations = { "pulumi.com/skipAwait": "true" };
  return { props: { ...props, metadata: { ...props.metadata, annotations } }, opts };
};

const projects = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ project: `team${at}`, domain: "development" }));

function run(changes: Partial<ComputePlaneArgs> = {}): StackRun {
  const program = async () => {
    const provider = new Provider("cluster", { kubeconfig: api.kubeconfig });
    const args: ComputePlaneArgs = {
      namespace: "union",
      image: serviceImage,
      org: "acme",
      clusterName: "main",
      cloud: { cloud: "aws", region: "us-east-2" },
      controlPlaneHost: "us-east-2.biplane.test",
      projects: projects(2),
      identities: {
        admin: "arn:aws:iam::111111111111:role/adminflyterole",
        user: "arn:aws:iam::111111111111:role/userflyterole",
      },
      buckets: { metadata: "m", fastRegistration: "f" },
      secrets: { backend: "kubernetes" },
      registrationToken: "registration-token-of-a-test",
      taskClient: { id: "acme-tasks", secret: "client-secret-of-a-test" },
      dnsServers: [],
      apiPort: 6443,
      management: { group: "biplane:managers", level: "no-delete" },
      ...changes,
    };
    new ComputePlane("compute-plane", args, { providers: [provider], transforms: [unawaited] });
    return {};
  };
  const providers = () => serveAll([kubernetesPackage({}), tlsPackage()]);
  return { stack: "plane", program, config: {}, secrets: {}, account: "customer", plane: "customer", providers };
}

async function planned(changes: Partial<ComputePlaneArgs>): Promise<string[]> {
  const seen: string[] = [];
  const onEvent = ({ resourcePreEvent }: EngineEvent) => {
    const { op = "same", urn = "" } = resourcePreEvent?.metadata ?? {};
    if (op !== "same") seen.push(`${op} ${urn.split("::")[2]?.split("$").at(-1)} ${urn.split("::").at(-1)}`);
  };
  await previewStack(sandbox, { ...run(changes), onEvent });
  return seen.sort();
}

const policy = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy";

async function items(path: string): Promise<{ metadata: { name: string; uid: string } }[]> {
  const { object } = await api.ask("GET", path);
  return object.items as { metadata: { name: string; uid: string } }[];
}

test("a plane comes up under its own policies, and again without a change", async () => {
  const first = await upStack(sandbox, run());
  expect(Object.keys(first.changes)).toEqual(["create"]);
  expect((await upStack(sandbox, run())).changes).toEqual({ same: first.changes.create });
});

test("each service's pods are admitted: policies, Pod Security and quota together", async () => {
  const admitted = async () => {
    const names = (await items("/api/v1/namespaces/union/pods")).map(({ metadata }) => metadata.name.split("-")[0]);
    return [...new Set(names)].sort();
  };
  await expect
    .poll(admitted, { timeout: 60_000, interval: 500 })
    .toEqual(["executor", "logs", "objectstore", "secrets", "tunnel"]);
});

test("a manager of the vendor sees nodes and pods, and neither Secrets nor sessions", async () => {
  const may = async (verb: string, resource: string, namespace?: string, subresource?: string) => {
    const resourceAttributes = { verb, resource, namespace, subresource };
    const { object } = await api.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
      body: { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec: { resourceAttributes } },
      as: { user: "ada@vendor.test", groups: ["biplane:managers", "system:authenticated"] },
    });
    return (object.status as { allowed: boolean }).allowed;
  };
  expect(await may("list", "nodes")).toBe(true);
  expect(await may("list", "pods", "team0-development")).toBe(true);
  expect(await may("get", "pods", "union", "log")).toBe(true);
  expect(await may("get", "pods", "team0-development", "log")).toBe(false);
  for (const resource of ["secrets", "configmaps"]) expect(await may("get", resource, "union"), resource).toBe(false);
  expect(await may("create", "pods", "union", "exec")).toBe(false);
  expect(await may("create", "serviceaccounts", "union", "token")).toBe(false);
});

test("a further project adds its own objects, and changes only what names every project", async () => {
  const changes = await planned({ projects: projects(3) });
  expect(changes.filter((change) => !/^create .* compute-plane-team2-development/.test(change))).toEqual(
    [
      `update ${policy} compute-plane-admission-accounts`,
      `update ${policy} compute-plane-admission-cluster-bindings`,
      ...["accounts", "bindings", "images", "namespaces", "pods", "roles", "services", "sessions", "tokens"].map(
        (name) => `update ${policy}Binding compute-plane-admission-${name}`,
      ),
      "update kubernetes:apps/v1:Deployment compute-plane-executor",
      "update kubernetes:apps/v1:Deployment compute-plane-logs",
      "update kubernetes:apps/v1:Deployment compute-plane-secrets",
      "update kubernetes:admissionregistration.k8s.io/v1:MutatingWebhookConfiguration compute-plane-secrets-webhook",
    ].sort(),
  );
});

test("a project on demand brings the sync, and no namespace of its own", async () => {
  const onDemand = [...projects(2), { project: "later", domain: "development", onDemand: true }];
  await upStack(sandbox, run({ projects: onDemand }));
  const isAdmitted = async () =>
    (await items("/api/v1/namespaces/union/pods")).some(({ metadata }) => metadata.name.startsWith("sync-"));
  await expect.poll(isAdmitted, { timeout: 60_000, interval: 500 }).toBe(true);
  const names = (await items("/api/v1/namespaces")).map(({ metadata }) => metadata.name);
  expect(names).not.toContain("later-development");
  expect((await upStack(sandbox, run({ projects: onDemand }))).changes).toEqual({ same: expect.any(Number) });
  await upStack(sandbox, run());
  expect(await items("/apis/rbac.authorization.k8s.io/v1/clusterroles")).not.toContainEqual(
    expect.objectContaining({ metadata: expect.objectContaining({ name: "union-sync" }) }),
  );
});

test("approved registries and a narrow egress change policies, and replace nothing", async () => {
  const egress = { cloudflareRanges: true as const, endpoints: ["10.40.0.0/16"] };
  const changes = await planned({ egress, admission: { approvedRegistries: ["ghcr.io"] } });
  expect(changes.filter((change) => !change.includes("NetworkPolicy"))).toEqual([
    `update ${policy} compute-plane-admission-images`,
  ]);
  expect(changes.every((change) => change.startsWith("update "))).toBe(true);
});

test("logs are shipped from a namespace where the API server lets the shipper in, and nothing else", async () => {
  const image = `registry.test/fluent-bit@sha256:${"0".repeat(64)}`;
  const roleArn = "arn:aws:iam::111111111111:role/log-shipper";
  const logs = { logGroup: "/biplane/acme/main", shipper: "fluent-bit" as const, image, roleArn };
  await upStack(sandbox, run({ logs }));
  expect(await planned({ logs })).toEqual([]);
  const { object } = await api.ask("GET", "/apis/apps/v1/namespaces/union-logs/daemonsets/log-shipper");
  const { template } = object.spec as { template: { spec: object } };
  const path = "/api/v1/namespaces/union-logs/pods?dryRun=All";
  const metadata = { name: "tried", namespace: "union-logs" };
  const pod = (spec: object) => ({ apiVersion: "v1", kind: "Pod", metadata, spec: { ...template.spec, ...spec } });
  await vi.waitFor(async () => expect((await api.ask("POST", path, { body: pod({}) })).status).toBe(201), {
    timeout: 60_000,
    interval: 500,
  });
  await vi.waitFor(
    async () => {
      const { message } = await api.ask("POST", path, { body: pod({ hostPID: true }) });
      expect(message).toContain("ValidatingAdmissionPolicy 'log-shipper.union.biplane.dev'");
    },
    { timeout: 60_000, interval: 500 },
  );
});

test("measures are kept by one pod that the API server admits, with two rights and without sessions", async () => {
  const key = "arn:aws:kms:us-east-2:111111111111:key/of-the-plane";
  const image = `registry.test/prometheus@sha256:${"0".repeat(64)}`;
  const metricsStore = { image, retentionDays: 15, sizeGiB: 20, disk: sealedDisk("aws", key) };
  await upStack(sandbox, run({ metricsStore }));
  expect(await planned({ metricsStore })).toEqual([]);
  const admitted = async () =>
    (await items("/api/v1/namespaces/union-metrics/pods")).map(({ metadata }) => metadata.name);
  await expect.poll(admitted, { timeout: 60_000, interval: 500 }).toEqual(["metrics-store-0"]);
  const may = async (verb: string, resource: string, subresource?: string) => {
    const resourceAttributes = { verb, resource, subresource };
    const { object } = await api.ask("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SubjectAccessReview",
        spec: { resourceAttributes, user: "system:serviceaccount:union-metrics:metrics-store" },
      },
    });
    return (object.status as { allowed: boolean }).allowed;
  };
  expect([await may("list", "nodes"), await may("get", "nodes", "metrics")]).toEqual([true, true]);
  expect([await may("get", "nodes", "proxy"), await may("get", "pods"), await may("get", "secrets")]).toEqual([
    false,
    false,
    false,
  ]);
  const { message } = await api.ask("POST", "/api/v1/namespaces/union-metrics/pods/metrics-store-0/portforward");
  expect(message).toContain("asks for pods/portforward of union-metrics/metrics-store-0");
  // By its uid: of another disk the measures would be gone.
  const claims = async () => (await items("/api/v1/persistentvolumeclaims")).map(({ metadata }) => metadata.uid);
  const made = await claims();
  expect(made).toEqual([expect.any(String)]);
  for (const protectMetrics of [true, false]) {
    await upStack(sandbox, run({ metricsStore, protectMetrics }));
    expect(await claims(), `protected: ${protectMetrics}`).toEqual(made);
  }
  await upStack(sandbox, run());
  expect((await items("/api/v1/persistentvolumeclaims")).length).toBe(0);
});

test("apps are served from namespaces of their own, whose programs write there and where apps run alone", async () => {
  const image = `registry.test/serving@sha256:${"0".repeat(64)}`;
  const programs = { activator: image, autoscaler: image, controller: image, webhook: image, queue: image };
  const apps = { domain: "apps.acme.test", images: { ...programs, gatewayController: image, gateway: image } };
  await upStack(sandbox, run({ apps }));
  expect(await planned({ apps })).toEqual([]);

  const admitted = async (namespace: string) =>
    (await items(`/api/v1/namespaces/${namespace}/pods`))
      .map(({ metadata }) => metadata.name.replace(/-[^-]+-[^-]+$/, ""))
      .sort();
  for (const [namespace, names] of [
    ["knative-serving", ["activator", "activator", "autoscaler", "autoscaler", "controller", "controller"]],
    ["kourier-system", ["3scale-kourier-gateway", "3scale-kourier-gateway"]],
  ] as const) {
    const expected =
      namespace === "knative-serving" ? [...names, "net-kourier-controller", "webhook", "webhook"] : names;
    await expect.poll(() => admitted(namespace), { timeout: 60_000, interval: 500 }).toEqual(expected);
  }

  const user = "system:serviceaccount:knative-serving:controller";
  const controller = { user, groups: ["system:serviceaccounts", "system:authenticated"] };
  const make = (namespace: string, spec: object, as?: typeof controller) => {
    const body = { apiVersion: "v1", kind: "Service", metadata: { name: "tried", namespace }, spec };
    return api.ask("POST", `/api/v1/namespaces/${namespace}/services?dryRun=All`, { body, ...(as ? { as } : {}) });
  };
  const inner = { ports: [{ port: 80 }] };
  const other = { type: "ExternalName", externalName: "kourier-internal.kourier-system.svc.cluster.local" };
  await vi.waitFor(
    async () =>
      expect((await make("union", inner, controller)).message).toContain(
        "'serving.union.biplane.dev' with binding 'serving.union.biplane.dev' denied request",
      ),
    { timeout: 60_000, interval: 500 },
  );
  expect(await make("default", inner, controller)).toMatchObject({ status: 403 });
  expect(await make("team0-development", inner, controller)).toMatchObject({ status: 201 });
  expect(await make("team0-development", other, controller)).toMatchObject({ status: 201 });
  expect((await make("team0-development", other)).message).toContain("'services.union.biplane.dev'");
  const secrets = await api.ask("GET", "/api/v1/namespaces/union/secrets", { as: controller });
  expect(secrets).toMatchObject({ status: 403 });
});

test("destroy leaves nothing of it", async () => {
  await destroyStack(sandbox, run());
  const names = (await items("/api/v1/namespaces")).map(({ metadata }) => metadata.name).sort();
  expect(names).toEqual(["default", "kube-node-lease", "kube-public", "kube-system"]);
  for (const kind of [
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
    "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations",
  ]) {
    expect(await items(`/apis/admissionregistration.k8s.io/v1/${kind}`), kind).toEqual([]);
  }
  expect(
    (await items("/apis/scheduling.k8s.io/v1/priorityclasses")).map(({ metadata }) => metadata.name),
  ).not.toContain("union-platform");
});
