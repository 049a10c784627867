import { describe, expect, it } from "vitest";
import { diskClaim, storeName, storeNamespace } from "../../components/metrics-store/contract.ts";
import { renderServer } from "../../components/metrics-store/server.ts";
import { configFile, renderSettings, webFile } from "../../components/metrics-store/settings.ts";
import { metricsStoreOf } from "./metrics-store.ts";

type Objects = Parameters<typeof metricsStoreOf>[0];
const made = new Date("2026-01-02T03:04:05Z");

/** The kit's own pod and files; how Pulumi names them does not matter. */
function objects(data = renderSettings(["demo-development"]), change: (spec: Pod) => void = () => undefined): Objects {
  const file = (kind: "configMap" | "secret", name: string) => ({ kind, name, checksum: "1" });
  const spec = renderServer({
    ...{ image: "prometheus@sha256:1", retentionDays: 15, sizeGiB: 20, claim: diskClaim },
    ...{ config: file("configMap", "settings"), tls: file("secret", "tls") },
  } as unknown as Parameters<typeof renderServer>[0]);
  const pod = JSON.parse(JSON.stringify(spec)) as { template: { spec: Pod } };
  change(pod.template.spec);
  const at = { namespace: storeNamespace };
  return {
    statefulSets: [{ metadata: { ...at, name: storeName }, spec: pod, status: { readyReplicas: 1 } }],
    configMaps: [{ metadata: { ...at, name: "settings" }, data } as object],
    volumeClaims: [
      {
        metadata: { ...at, name: diskClaim },
        spec: { storageClassName: "sealed", volumeName: "pvc-1" },
        status: { phase: "Bound" },
      },
    ],
    volumes: [
      {
        metadata: { name: "pvc-1", creationTimestamp: made },
        spec: { csi: { driver: "ebs.csi.aws.com", volumeHandle: "vol-1" }, storageClassName: "sealed" },
      },
      { metadata: { name: "another's" } },
    ],
    storageClasses: [
      { metadata: { name: "sealed", creationTimestamp: made }, provisioner: "ebs.csi.aws.com", parameters: { a: "b" } },
      { metadata: { name: "standard" }, provisioner: "other" },
    ],
  } as unknown as Objects;
}
interface Pod {
  containers: { name: string; args: string[]; volumeMounts: { name: string; mountPath: string }[] }[];
  volumes: object[];
}
const read = (...given: Parameters<typeof objects>) => metricsStoreOf(objects(...given), storeNamespace);
const server = (...given: Parameters<typeof objects>) => read(...given).servers[0];

describe("what is told of a metrics store", () => {
  it("is what the component makes: its files, its claim, and what that is made by", () => {
    expect(read()).toEqual({
      servers: [
        {
          ...{ name: storeName, ready: 1, wanted: 1, containers: [storeName], dataClaim: diskClaim },
          clientAuth: "RequireAndVerifyClientCert",
          told: { jobs: [{ name: "kubelets", scheme: "https" }], sendsTo: [], unread: [] },
        },
      ],
      claims: [{ name: diskClaim, phase: "Bound", className: "sealed", volume: "pvc-1" }],
      volumes: [
        { name: "pvc-1", madeAt: made.toISOString(), className: "sealed", driver: "ebs.csi.aws.com", handle: "vol-1" },
      ],
      classes: [{ name: "sealed", madeAt: made.toISOString(), provisioner: "ebs.csi.aws.com", parameters: { a: "b" } }],
    });
  });

  it("is what its command line names, and not what lies beside it", () => {
    const without = (flag: string) => (pod: Pod) => {
      for (const one of pod.containers) one.args = one.args.filter((arg) => !arg.startsWith(`--${flag}`));
    };
    expect(server(undefined, without("web.config.file"))).not.toHaveProperty("clientAuth");
    expect(server(undefined, without("config.file"))).not.toHaveProperty("told");
    expect(server(undefined, without("storage.tsdb.path"))).not.toHaveProperty("dataClaim");
    const moved = server(undefined, (pod) => pod.containers[0]?.args.push("--storage.tsdb.path", "/tmp/data"));
    expect(moved).not.toHaveProperty("dataClaim");
    const beside = server(undefined, (pod) => {
      pod.containers[0]?.args.push("--config.file=/etc/other/prometheus.json");
    });
    expect(beside).not.toHaveProperty("told");
  });

  it("names whom it sends to without what is secret there, whom it answers, and what is not read", () => {
    const written = [
      "scrape_configs: [{job_name: a}]",
      "remote_write: [{url: 'https://me:hunter2@vendor.test/push?token=hunter3'}]",
      "alerting: {alertmanagers: []}",
    ].join("\n");
    const found = server({ [configFile]: written, [webFile]: "tls_server_config: {cert_file: a}" });
    expect(found?.told).toEqual({
      jobs: [{ name: "a", scheme: "http" }],
      sendsTo: ["https://(hidden)@vendor.test/push"],
      unread: ["alerting"],
    });
    expect(found?.clientAuth).toBe("NoClientCert");
    expect(JSON.stringify(found)).not.toContain("hunter");
    expect(server({ [configFile]: "scrape_configs: [" })).not.toHaveProperty("told");
  });

  it("is nothing in another namespace", () => {
    expect(metricsStoreOf(objects(), "elsewhere")).toEqual({ servers: [], claims: [], volumes: [], classes: [] });
  });
});
