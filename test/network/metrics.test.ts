/** Every service of both planes tells its metrics where its probes are, to whom the cluster lets in, and to nobody else. */
import { describe, expect, it, vi } from "vitest";
import { IdentityService } from "../../gen/flyteidl2/auth/identity_pb.js";
import { DataProxyService } from "../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { metricValue } from "../../services/shared/testing/prometheus.ts";
import { accessToken, api, https } from "../support/api.ts";
import { served } from "../support/apps.ts";
import { kubectl, platform } from "../support/kubectl.ts";
import { environment } from "../support/local-run.ts";
import { type Scraped, scrapeAll } from "../support/metrics.ts";

const { org, project, domain } = environment;
const yearSeconds = 365 * 24 * 3_600;
const services = {
  region: [
    ...["actions", "audit", "cluster", "dataproxy", "gateway", "identity", "relay", "runs"],
    ...(served ? ["tunnel-reconciler"] : []),
  ],
  customer: [...(served ? ["app-gate", "apps"] : []), "executor", "logs", "objectstore", "secrets", "sync", "tunnel"],
};

// The node of a given cluster is not ours to ask from.
const ours = Object.values(environment.clusters).every((cluster) => cluster === "own");

/** Over all pods of a service. */
const total = (all: Scraped[], service: string, name: string, labels: Record<string, string> = {}) =>
  all
    .filter((one) => one.service === service)
    .reduce((sum, { families }) => sum + metricValue(families, name, labels), 0);

describe.skipIf(!ours).each(["region", "customer"] as const)("the %s's services", (plane) => {
  it("all tell their metrics, in the form that Prometheus reads", async () => {
    const all = await scrapeAll(plane);
    expect([...new Set(all.map(({ service }) => service))].sort()).toEqual(services[plane]);
    for (const { pod, service, families } of all) {
      expect(metricValue(families, "biplane_build_info", { service }), pod).toBe(1);
      const certificateEnd = metricValue(families, "biplane_service_certificate_end_seconds");
      expect(certificateEnd, pod).toBeGreaterThan(Date.now() / 1_000 + yearSeconds);
      expect(metricValue(families, "process_resident_memory_bytes"), pod).toBeGreaterThan(10 * 1024 * 1024);
      expect(metricValue(families, "biplane_unread_metrics_total"), pod).toBe(0);
    }
  });

  it("are told to nobody through the cluster's API, which opens no session in a pod of ours", async () => {
    const [one] = await scrapeAll(plane);
    const path = `/api/v1/namespaces/${platform[plane]}/pods/${one?.pod}:9090/proxy/metrics`;
    await expect(kubectl(plane, "get", "--raw", path)).rejects.toThrow(/denied request/);
  });

  it("have them on no port of a Service, so that only a pod that is let in reaches them", async () => {
    const { items } = JSON.parse(await kubectl(plane, "get", "services", "-n", platform[plane], "-o", "json"));
    const ports = items.flatMap(({ spec }: { spec: { ports?: { targetPort?: unknown }[] } }) =>
      (spec.ports ?? []).map(({ targetPort }) => targetPort),
    );
    expect(ports.length).toBeGreaterThan(0);
    expect(ports.filter((port: unknown) => port === 9090 || port === "health")).toEqual([]);
  });
});

it("are not served at the region's public host", async () => {
  const { status, body } = await https(`https://${environment.endpoint}/metrics`);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(body.toString()).not.toContain("biplane_");
});

it.skipIf(!ours)("count a call on each service that it passes, on both planes", async () => {
  const token = await accessToken();
  const read = async () => [...(await scrapeAll("region")), ...(await scrapeAll("customer"))];
  const before = await read();
  for (let call = 0; call < 5; call++) await api(IdentityService, token).userInfo({});
  const upload = { org, project, domain, filename: "counted.bin", contentMd5: new Uint8Array(16) };
  await api(DataProxyService, token).createUploadLocation(upload);

  const userInfo = { rpc_service: "flyteidl2.auth.IdentityService", rpc_method: "UserInfo" };
  const create = { rpc_service: "flyteidl2.dataproxy.DataProxyService", rpc_method: "CreateUploadLocation" };
  const sign = { rpc_service: "biplane.objectstore.v1.ObjectStoreService", rpc_method: "SignUpload" };
  const counted = async () => {
    const after = await read();
    const by = (service: string, labels: Record<string, string>) =>
      total(after, service, "biplane_requests_total", labels) -
      total(before, service, "biplane_requests_total", labels);
    const passed = [
      by("gateway", { ...userInfo, code: "http_2xx" }),
      by("identity", { ...userInfo, code: "ok" }),
      by("gateway", { ...create, code: "http_2xx" }),
      by("dataproxy", { ...create, code: "ok" }),
      by("relay", { ...sign, code: "http_2xx" }),
      by("tunnel", { ...sign, code: "http_2xx" }),
      by("objectstore", { ...sign, code: "ok" }),
    ];
    // Others may call meanwhile, and a relay that has no tunnel hands on to one that has.
    for (const [at, least] of [5, 5, 1, 1, 1, 1, 1].entries()) expect(passed[at]).toBeGreaterThanOrEqual(least);
  };
  await vi.waitFor(counted, { timeout: 60_000, interval: 500 });
  const all = await read();
  expect(total(all, "relay", "biplane_relay_tunnels")).toBeGreaterThanOrEqual(2);
  expect(total(all, "tunnel", "biplane_tunnel_connections")).toBeGreaterThanOrEqual(2);
  expect(total(all, "executor", "biplane_executor_leads")).toBe(1);
  expect(total(all, "runs", "biplane_database_connections")).toBeGreaterThanOrEqual(1);
});
