import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { createMetricsKey } from "./aws.ts";
import { storeRules } from "./contract.ts";
import { sealedDisk, sealedDisks } from "./disks.ts";
import { renderSettings } from "./settings.ts";
import { MetricsStore, type MetricsStoreArgs } from "./store.ts";

const build = (more: Partial<MetricsStoreArgs> = {}) =>
  recordResources(() => {
    new MetricsStore("metrics-store", {
      ...{ org: "acme", platform: "union", platformName: "union", projectNamespaces: ["demo-development"] },
      ...{ image: `registry.test/prometheus@sha256:${"0".repeat(64)}`, retentionDays: 15, sizeGiB: 20 },
      disk: sealedDisk("aws", "arn:aws:kms:us-east-2:222222222222:key/k"),
      around: {
        dnsServers: ["10.96.0.10/32"],
        apiPort: 6443,
        egress: { cloudflareRanges: true, endpoints: ["10.40.0.0/16"] },
      },
      ...more,
    });
  });
type Made = Awaited<ReturnType<typeof build>>;
const policies = (made: Made) =>
  made.of("kubernetes:networking.k8s.io/v1:NetworkPolicy").map(({ inputs }) => inputs.spec as Record<string, unknown>);

describe("MetricsStore", () => {
  it("runs one pod under the restricted standard, on its disk, by account and token of its own", async () => {
    const made = await build();
    const namespace = made.one("kubernetes:core/v1:Namespace").inputs.metadata as { labels: Record<string, string> };
    expect(namespace.labels["pod-security.kubernetes.io/enforce"]).toBe("restricted");
    const { spec } = made.one("kubernetes:apps/v1:StatefulSet").inputs as { spec: { template: { spec: object } } };
    expect(spec).toMatchObject({
      replicas: 1,
      template: {
        spec: {
          serviceAccountName: "metrics-store",
          securityContext: { runAsNonRoot: true, fsGroup: 65_532, seccompProfile: { type: "RuntimeDefault" } },
          containers: [
            {
              securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
              resources: { limits: { memory: "2Gi" } },
              livenessProbe: { tcpSocket: { port: "https" } },
            },
          ],
          volumes: [{ name: "data", persistentVolumeClaim: { claimName: "metrics-store" } }, {}, {}],
        },
      },
    });
    const args = JSON.stringify(spec);
    expect(args).toContain("--storage.tsdb.retention.time=15d");
    expect(args).toContain("--storage.tsdb.retention.size=16384MB");
    expect(args).not.toMatch(/enable-admin-api|enable-lifecycle|remote-write/);
  });

  it("may read nodes' measures, and nothing of pods, Services, Secrets or the nodes' proxy", async () => {
    const made = await build();
    expect(made.one("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole").inputs.rules).toEqual(storeRules);
    expect(storeRules.flatMap(({ resources }) => resources)).toEqual(["nodes", "nodes/metrics"]);
    expect(storeRules.flatMap(({ verbs }) => verbs)).not.toContain("create");
    expect(made.of("kubernetes:rbac.authorization.k8s.io/v1:Role")).toEqual([]);
  });

  it("lets in the log provider alone, and goes to the API server and to kubelets", async () => {
    const made = await build();
    const [walls, reader] = ["walls", "reader"].map(
      (name) => made.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", `metrics-store-${name}`).inputs.spec,
    );
    expect(policies(made)).toHaveLength(4);
    expect(walls).toMatchObject({
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        { from: [{ podSelector: { matchLabels: { "app.kubernetes.io/name": "logs" } } }], ports: [{ port: 9090 }] },
      ],
      egress: [{ ports: [{ port: 443 }, { port: 6443 }] }, { ports: [{ port: 10_250 }] }],
    });
    expect(reader).toMatchObject({ egress: [{ ports: [{ port: 9090 }] }] });
    expect(JSON.stringify(policies(made))).not.toContain("0.0.0.0/0");
    const open = await build({ around: { dnsServers: [], apiPort: 6443 } });
    const kubelets = policies(open).flatMap(({ egress }) => (egress as { ports: { port: number }[] }[]) ?? []);
    expect(JSON.stringify(kubelets.filter(({ ports }) => ports[0]?.port === 10_250))).not.toContain("0.0.0.0/0");
  });

  it("answers whoever shows the one certificate that the log provider has, and knows no key in clear", async () => {
    const made = await build();
    const web = JSON.parse(renderSettings([])["web.json"] ?? "") as { tls_server_config: object };
    expect(web.tls_server_config).toMatchObject({ client_auth_type: "RequireAndVerifyClientCert" });
    const secrets = made.of("kubernetes:core/v1:Secret").map(({ inputs }) => inputs.metadata as { name: string });
    expect(secrets.map(({ name }) => name).sort()).toEqual(["metrics-store-reader", "metrics-store-tls"]);
    const service = made.one("kubernetes:core/v1:Service").inputs.spec as { type: string };
    expect(service.type).toBe("ClusterIP");
  });

  it("keeps its disk where data is protected, and gives it back where not", async () => {
    for (const [protect, reclaimPolicy] of [
      [true, "Retain"],
      [false, "Delete"],
    ] as const) {
      const made = await build({ protect });
      expect(made.one("kubernetes:storage.k8s.io/v1:StorageClass").inputs).toMatchObject({
        provisioner: "ebs.csi.aws.com",
        parameters: { encrypted: "true", kmsKeyId: "arn:aws:kms:us-east-2:222222222222:key/k" },
        reclaimPolicy,
      });
    }
    const claim = (await build()).one("kubernetes:core/v1:PersistentVolumeClaim").inputs;
    expect(claim.spec).toMatchObject({ storageClassName: "biplane-metrics-store" });
  });
});

describe("the store's settings", () => {
  const config = JSON.parse(renderSettings(["demo-development", "demo-production"])["prometheus.json"] ?? "") as {
    scrape_configs: { metric_relabel_configs: object[]; tls_config: Record<string, unknown> }[];
  };

  it("keep two measures of the projects' containers, by three labels, and send them nowhere", () => {
    const [kubelets] = config.scrape_configs;
    expect(config.scrape_configs).toHaveLength(1);
    expect(kubelets?.metric_relabel_configs).toEqual([
      {
        source_labels: ["__name__"],
        regex: "container_cpu_usage_seconds_total|container_memory_working_set_bytes",
        action: "keep",
      },
      { source_labels: ["namespace"], regex: "demo-development|demo-production", action: "keep" },
      { regex: "__name__|namespace|pod|container", action: "labelkeep" },
    ]);
    expect(Object.keys(config).sort()).toEqual(["global", "scrape_configs"]);
  });

  it("believe a kubelet only by the cluster's authority", () => {
    expect(config.scrape_configs[0]).toMatchObject({ scheme: "https", follow_redirects: false });
    expect(config.scrape_configs[0]?.tls_config).toEqual({
      ca_file: "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
      min_version: "TLS12",
    });
  });
});

describe("its disk", () => {
  it.each(["aws", "gcp", "azure"] as const)("rests under the given key on %s", (cloud) => {
    const { provisioner, parameters } = sealedDisk(cloud, "the-key");
    expect(provisioner).toBe(sealedDisks[cloud].provisioner);
    expect(parameters[sealedDisks[cloud].keyParameter]).toBe("the-key");
  });

  it("has a key of its own in AWS, which EC2 alone opens", async () => {
    const args = { account: "222222222222", region: "us-east-2", dataProtection: true, tags: {} };
    const made = await recordResources(() => void createMetricsKey("metrics", args));
    expect(String(made.one("aws:kms/key:Key").inputs.policy)).toContain(
      '"kms:ViaService":["ec2.us-east-2.amazonaws.com"]',
    );
  });
});
