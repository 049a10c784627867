import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { type Recorded, recordResources } from "../testing/record-resources.ts";
import { ControlPlane, type ControlPlaneArgs } from "./control-plane.ts";
import { createTenantCredentials } from "./tenants.ts";

const certificate = { certificate: "CERTIFICATE", key: "KEY" };
const build = (more: Partial<ControlPlaneArgs> = {}, preview = false) =>
  recordResources(
    () =>
      new ControlPlane("control-plane", {
        namespace: "union-cp",
        image: `registry.test/biplane/services@sha256:${"a".repeat(64)}`,
        endpoint: "us-east-2.biplane.test",
        relayHost: "relay.us-east-2.biplane.test",
        database: {
          host: pulumi.output("database.test"),
          port: 5432,
          name: "biplane",
          owner: { user: "owner", password: pulumi.output("password") },
          addresses: ["10.40.200.0/24"],
        },
        gatewayCertificate: certificate,
        originPullAuthority: "CERTIFICATE",
        clusterAuthority: certificate,
        relayCertificate: certificate,
        tenants: [createTenantCredentials({ org: "acme", cluster: "main" })],
        nodePorts: { gateway: 30443, relay: 30444 },
        region: "us-east-2",
        auditExport: { bucket: "biplane-audit", roleArn: "arn:aws:iam::222222222222:role/audit-export" },
        dnsServers: [],
        apiPort: 6443,
        ...more,
      } as ControlPlaneArgs),
    { preview },
  );
const kind = ({ all }: Recorded, name: string) => all.filter(({ type }) => type.endsWith(`:${name}`));
const called = (made: { name: string }[]) => made.map(({ name }) => name.replace("control-plane-", "")).sort();

const services = ["actions", "audit", "cluster", "dataproxy", "gateway", "identity", "relay", "runs"];
const byLoad = services.filter((name) => !["relay", "audit"].includes(name));

describe("ControlPlane", () => {
  it("keeps one pod of each service through a drain", async () => {
    const made = await build();
    expect(called(kind(made, "Deployment"))).toEqual(services);
    expect(called(kind(made, "PodDisruptionBudget"))).toEqual(services);
    expect(kind(await build({ replicas: 1 }), "PodDisruptionBudget")).toEqual([]);
  });

  it("grows by load what holds no tunnels, where that is wished", async () => {
    expect(kind(await build(), "HorizontalPodAutoscaler")).toEqual([]);
    expect(called(kind(await build({ autoscale: { maxReplicas: 6 } }), "HorizontalPodAutoscaler"))).toEqual(byLoad);
  });

  it("signs by the first key of the file and trusts the others, whose names stay what they were", async () => {
    const keyFile = (made: Recorded) => {
      const [file] = kind(made, "Secret").filter(({ name }) => name.includes("signing-key"));
      // A secret, so Pulumi wraps it.
      const wrapped = file?.inputs.stringData as { value: unknown } | undefined;
      return [wrapped?.value, called(kind(made, "PrivateKey")).filter((key) => key.startsWith("signing"))];
    };
    expect(keyFile(await build())).toEqual([{ "key.pem": "PKCS8 control-plane-signing" }, ["signing"]]);
    expect(keyFile(await build({ tokenKeys: { signing: 2, published: [1] } }))).toEqual([
      { "key.pem": "PKCS8 control-plane-signing-2\nPKCS8 control-plane-signing" },
      ["signing", "signing-2"],
    ]);
  });

  it("gives the secret of the people's provider to identity alone, as a file", async () => {
    const clientSecret = "a-secret-of-the-provider";
    const upstream = { issuer: "https://login.test", clientId: "region", scopes: "openid", groupsClaim: "groups" };
    const made = await build({ upstream: { ...upstream, clientSecret } });
    const holding = made.all.filter(({ inputs }) => JSON.stringify(inputs).includes(clientSecret));
    expect(called(holding)).toEqual(["upstream-client"]);
    const mounting = kind(made, "Deployment").filter(({ inputs }) =>
      JSON.stringify(inputs).includes("upstream-client"),
    );
    expect(called(mounting)).toEqual(["identity"]);
    expect(JSON.stringify((await build()).all)).not.toContain("upstream-client");
  });

  it("keeps tunnels only where asked, by a token that stands in one Secret and is mounted by one service", async () => {
    const token = "a-token-of-cloudflare-for-a-test";
    const tunnel = {
      accountId: "a",
      zoneId: "z",
      tunnelId: "t",
      host: "*.apps.test",
      service: "http://127.0.0.1:8081",
    };
    const made = await build({
      tunnelReconciler: { api: "https://api.cloudflare.test/client/v4", token, tunnels: [pulumi.output(tunnel)] },
      autoscale: { maxReplicas: 6 },
    });
    expect(called(made.all.filter(({ inputs }) => JSON.stringify(inputs).includes(token)))).toEqual([
      "cloudflare-token",
    ]);
    const mounting = kind(made, "Deployment").filter(({ inputs }) =>
      JSON.stringify(inputs).includes('"cloudflare-token"'),
    );
    expect(called(mounting)).toEqual(["tunnel-reconciler"]);
    const [told] = kind(made, "ConfigMap").filter(({ name }) => name.endsWith("-tunnels"));
    expect(told?.inputs.data).toEqual({ "tunnels.json": JSON.stringify({ tunnels: [tunnel] }) });
    expect(called(kind(made, "Deployment"))).toEqual([...services, "tunnel-reconciler"]);
    expect(called(kind(made, "HorizontalPodAutoscaler"))).toEqual(byLoad);
    expect(called(kind(made, "Service")).filter((name) => name.startsWith("tunnel"))).toEqual([]);
    expect(JSON.stringify((await build()).all)).not.toContain("cloudflare-token");
  });

  it("gives no service any right in Kubernetes", async () => {
    const made = await build();
    for (const rights of ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"])
      expect(kind(made, rights)).toEqual([]);
    expect(JSON.stringify(kind(made, "Deployment").map(({ inputs }) => inputs))).not.toContain(
      '"automountServiceAccountToken":true',
    );
  });

  it("opens the gateway and the relay on the nodes, and lets the API server refuse any other", async () => {
    const { inputs } = (await build()).one(
      "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy",
      "control-plane-admission-services",
    );
    expect(JSON.stringify(inputs.spec)).toContain("NodePort for gateway-public, relay-public.");
  });

  it("puts its services and the migration before other pods", async () => {
    const made = await build();
    for (const { inputs } of [...kind(made, "Deployment"), ...kind(made, "Job")]) {
      const { template } = inputs.spec as { template: { spec: { priorityClassName: string } } };
      expect(template.spec.priorityClassName).toBe("union-cp-platform");
    }
  });

  it("shows the same objects in a first preview", async () => {
    const names = ({ all }: Recorded) => all.map(({ type, name }) => `${type} ${name}`).sort();
    expect(names(await build({}, true))).toEqual(names(await build()));
  });
});
