import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import type { ServiceSpec } from "./service-spec.ts";
import { createServiceAuthority, planServiceLeaf, serviceTlsEnv } from "./service-tls.ts";
import { Workload } from "./workload.ts";

const spec = (name: string, more: Partial<ServiceSpec> = {}): ServiceSpec => ({
  name,
  entry: `/app/${name}.mjs`,
  env: {},
  replicas: 1,
  ...more,
});
const gateway = spec("gateway", { calls: ["runs"] });
const runs = spec("runs", { rpcPort: 8080, calls: ["runs"], meets: true });
const audit = spec("audit");
const all = [gateway, runs, audit];

describe("planServiceLeaf", () => {
  it("names the service, and the hosts by which it is called", () => {
    expect(planServiceLeaf(runs, "union-cp")).toEqual({
      subject: { commonName: "runs" },
      dnsNames: [
        "runs.union-cp.svc.cluster.local",
        "runs-peers.union-cp.svc.cluster.local",
        "metrics.union-cp.svc.cluster.local",
      ],
      use: ["server_auth", "client_auth"],
    });
  });

  it.each([gateway, audit])("names no host but that of metrics where nobody calls: $name", (one) => {
    expect(planServiceLeaf(one, "union-cp").dnsNames).toEqual(["metrics.union-cp.svc.cluster.local"]);
  });
});

describe("serviceTlsEnv", () => {
  it("names exactly those whose own list names it", () => {
    expect(serviceTlsEnv(runs, all).SERVICE_CALLERS).toBe("gateway,runs");
    expect(serviceTlsEnv(gateway, all)).toEqual({ SERVICE_TLS_FOLDER: "/etc/biplane/service-tls" });
    expect(serviceTlsEnv(spec("runs", { rpcPort: 8080 }), [audit]).SERVICE_CALLERS).toBeUndefined();
  });
});

describe("a service of a plane", () => {
  const build = (made: ServiceSpec) =>
    recordResources(() => {
      const parent = new pulumi.ComponentResource("test:Plane", "plane");
      new Workload(`plane-${made.name}`, {
        spec: made,
        all,
        namespace: "union-cp",
        image: `registry.test/biplane/services@sha256:${"a".repeat(64)}`,
        around: { dnsServers: [], apiPort: 6443 },
        tls: createServiceAuthority({ name: "plane", namespace: "union-cp", parent }, "union-cp"),
      });
    });
  const content = (inputs: Record<string, unknown>) => (inputs.stringData as { value: Record<string, string> }).value;

  it("is given its own certificate, key and authority as files, as a secret", async () => {
    const made = await build(runs);
    const { inputs } = made.one("kubernetes:core/v1:Secret");
    expect(inputs.metadata).toMatchObject({ name: "runs-service-tls", namespace: "union-cp" });
    expect(Object.keys(content(inputs)).sort()).toEqual(["ca.crt", "tls.crt", "tls.key"]);
    const { allowedUses } = made.one("tls:index/locallySignedCert:LocallySignedCert").inputs;
    expect(allowedUses).toEqual(["digital_signature", "server_auth", "client_auth"]);
    const [container] = podOf(made.one("kubernetes:apps/v1:Deployment").inputs).containers;
    expect(container?.volumeMounts).toEqual([
      { name: "service-tls", mountPath: "/etc/biplane/service-tls", readOnly: true },
    ]);
    expect(container?.env).toContainEqual({ name: "SERVICE_CALLERS", value: "gateway,runs" });
  });

  it("has one for its probes and metrics where it neither calls nor is called", async () => {
    const made = await build(audit);
    const [container] = podOf(made.one("kubernetes:apps/v1:Deployment").inputs).containers;
    expect(container?.env).toEqual([{ name: "SERVICE_TLS_FOLDER", value: "/etc/biplane/service-tls" }]);
    expect(container?.livenessProbe).toMatchObject({ httpGet: { path: "/healthz", scheme: "HTTPS" } });
  });

  it("tells everybody the authority's certificate, and nobody its key", async () => {
    const made = await build(audit);
    const { inputs } = made.one("kubernetes:core/v1:ConfigMap");
    expect(inputs.metadata).toMatchObject({ name: "services-authority", namespace: "union-cp" });
    expect(Object.keys(inputs.data as object)).toEqual(["ca.crt"]);
  });
});

interface Pod {
  containers: { env: unknown[]; volumeMounts: unknown[]; livenessProbe: unknown }[];
}

function podOf(inputs: Record<string, unknown>): Pod {
  return (inputs.spec as { template: { spec: Pod } }).template.spec;
}
