import { describe, expect, it } from "vitest";
import { planComputePlaneServices } from "../compute-plane/services.ts";
import { type FileSource, filesFolder } from "../workloads/service-spec.ts";
import { type ControlPlaneServicesArgs, planControlPlaneServices } from "./services.ts";

const source = (name: string): FileSource => ({ kind: "secret", name, checksum: "x" });
const region: Omit<ControlPlaneServicesArgs, "upstream"> = {
  namespace: "union-cp",
  endpoint: "us-east-2.biplane.test",
  relayHost: "relay.us-east-2.biplane.test",
  replicas: 2,
  nodePorts: { gateway: 30443, relay: 30444 },
  database: {
    env: { DATABASE_PASSWORD_FILE: `${filesFolder}/database/password` },
    files: { database: source("runtime") },
  },
  region: "us-east-2",
  auditExport: { bucket: "records", roleArn: "arn:export" },
  exporterDatabase: {
    env: { DATABASE_PASSWORD_FILE: `${filesFolder}/database/password` },
    files: { database: source("exporter") },
  },
  files: {
    gatewayTls: source("gateway-tls"),
    originPull: source("origin-pull"),
    signingKey: source("signing-key"),
    bootstrap: source("bootstrap"),
    clusterAuthority: source("cluster-authority"),
    clusterTrust: source("cluster-trust"),
    relayTls: source("relay-tls"),
  },
};
const upstream = {
  ...{ issuer: "https://login.test", clientId: "region", scopes: "openid email", groupsClaim: "groups" },
  staffGroup: "operators",
};
const control = planControlPlaneServices({
  ...region,
  files: { ...region.files, upstreamClient: source("upstream-client") },
  upstream,
  tunnelReconciler: {
    ...{ api: "https://api.cloudflare.test/client/v4", token: source("cloudflare-token") },
    tunnels: source("tunnels"),
  },
});
const data = planComputePlaneServices({
  namespace: "union",
  org: "acme",
  clusterName: "main",
  cloud: { cloud: "aws", region: "us-east-2" },
  controlPlaneHost: "us-east-2.biplane.test",
  admin: "arn:admin",
  buckets: { metadata: "m", fastRegistration: "f" },
  projects: ["development", "production"].map((domain) => ({ project: "demo", domain })),
  projectNamespaces: ["demo-development", "demo-production"],
  secrets: { backend: "kubernetes" },
  replicas: 2,
  registration: source("registration"),
  webhookTls: source("secrets-webhook-tls"),
});

const byName = (services: typeof control, name: string) => services.find((service) => service.name === name);

describe.each([
  ["control", control, "union-cp"],
  ["compute", data, "union"],
])("the %s plane's services", (_, services, namespace) => {
  it("may call whomever their environment names", () => {
    for (const { name, env, calls = [] } of services) {
      const named = Object.values(env).flatMap((value) => [
        ...String(value).matchAll(/https:\/\/([a-z]+)(?:-peers)?\.([a-z-]+)\.svc/g),
      ]);
      expect(named.every(([, , where]) => where === namespace)).toBe(true);
      expect([...new Set(named.map(([, callee]) => callee))].sort(), name).toEqual([...calls].sort());
    }
  });

  it("mount a file for each that their environment names, and no other", () => {
    for (const { name, env, files = {} } of services) {
      const named = Object.values(env).flatMap((value) => [...String(value).matchAll(/^\/etc\/biplane\/([a-z-]+)\//g)]);
      expect([...new Set(named.map(([, folder]) => folder))].sort(), name).toEqual(Object.keys(files).sort());
    }
  });
});

describe("the control plane's services", () => {
  it("give the database to the four that keep records, and to the export a login of its own", () => {
    const keepers = control.filter(({ reaches }) => reaches?.includes("database")).map(({ name }) => name);
    expect(keepers.sort()).toEqual(["actions", "audit", "cluster", "identity", "runs"]);
    const logins = control.flatMap(({ name, files }) => (files?.database ? [`${name} ${files.database.name}`] : []));
    expect(logins.filter((login) => !login.endsWith(" runtime"))).toEqual(["audit exporter"]);
  });

  it("give a cloud role to the audit's export alone, which serves nobody", () => {
    const roles = control.flatMap(({ name, identity }) => (identity ? [[name, identity]] : []));
    expect(roles).toEqual([["audit", { cloud: "aws", name: "arn:export" }]]);
    expect(byName(control, "audit")).toMatchObject({ replicas: 2, env: { AUDIT_BUCKET: "records" } });
    expect(byName(control, "audit")).not.toHaveProperty("rpcPort");
    expect(control.filter(({ calls }) => calls?.includes("audit"))).toEqual([]);
  });

  it("run the relay as often as the others, each of its pods knowing the rest, and never fewer by load", () => {
    expect(byName(control, "relay")).toMatchObject({ replicas: 2, autoscale: undefined, meets: true });
    expect(byName(control, "relay")?.env.PEERS_URL).toBe("https://relay-peers.union-cp.svc.cluster.local:8080");
    expect(control.filter(({ meets }) => meets).map(({ name }) => name)).toEqual(["relay"]);
  });

  it("tell identity alone whose people are staff, where anybody is", () => {
    const told = (services: typeof control) =>
      services.flatMap(({ name, env }) => ("UPSTREAM_OIDC_STAFF_GROUP" in env ? [name] : []));
    expect(told(control)).toEqual(["identity"]);
    expect(told(planControlPlaneServices(region))).toEqual([]);
  });

  it("reach nothing outside but the database, the export its bucket, identity the people's provider if any, and Cloudflare's API who keeps tunnels", () => {
    const outward = (services: typeof control) =>
      services.filter(({ reaches }) => reaches?.some((reach) => reach !== "database")).map(({ name }) => name);
    expect(outward(planControlPlaneServices(region))).toEqual(["audit"]);
    expect(outward(control)).toEqual(["identity", "audit", "tunnel-reconciler"]);
  });

  it("let who keeps tunnels reach the internet alone, called by nobody, and give its token to nobody else", () => {
    const reconciler = byName(control, "tunnel-reconciler");
    expect(reconciler).toMatchObject({ reaches: ["internet"], replicas: 2, autoscale: undefined });
    for (const none of ["rpcPort", "publicPort", "webhookPort", "calls", "identity", "rules"])
      expect(reconciler).not.toHaveProperty(none);
    expect(control.filter(({ calls }) => calls?.includes("tunnel-reconciler"))).toEqual([]);
    const holding = control.filter(({ files = {} }) =>
      Object.values(files).some(({ name }) => name === "cloudflare-token"),
    );
    expect(holding.map(({ name }) => name)).toEqual(["tunnel-reconciler"]);
  });
});

describe("the compute plane's services", () => {
  it("give the admin role to executor, object store and logs, and no role to the tunnel and to secrets in the cluster", () => {
    expect(data.map(({ name, serviceAccount, identity }) => [name, serviceAccount, identity?.name])).toEqual([
      ["tunnel", "tunnel-system", undefined],
      ["executor", "executor", "arn:admin"],
      ["objectstore", "proxy-system", "arn:admin"],
      ["logs", "log-provider", "arn:admin"],
      ["secrets", "secrets", undefined],
    ]);
  });

  it("let the lease say which executor works, and never run fewer by load", () => {
    expect(byName(data, "executor")).toMatchObject({ replicas: 2, env: { LEADER_LEASE: "executor" } });
    expect(byName(data, "executor")?.autoscale).toBeUndefined();
  });
});
