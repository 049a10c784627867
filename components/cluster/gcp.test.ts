import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { settled } from "../testing/settled.ts";
import { GoogleCluster, type GoogleClusterArgs } from "./gcp.ts";
import { type AdoptedGkeArgs, adoptGkeCluster } from "./gcp-adopt.ts";
import { checkAdoptedGke, checkGkeLink, type FoundGkeCluster, gkeAdoptionChecks } from "./gcp-adopt-checks.ts";
import { renderGkeKubeconfig } from "./gcp-kubeconfig.ts";
import { checkGkeAccess, checkGkeVersion, planGkeEndpoint, planNodeEncryption, planNodePools } from "./gcp-plan.ts";

const key = "projects/acme-data/locations/europe-west4/keyRings/main/cryptoKeys/cluster";
const args: GoogleClusterArgs = {
  ...{ project: "acme-data", region: "europe-west4", zones: ["europe-west4-a", "europe-west4-b"] },
  network: {
    networkId: pulumi.output("network"),
    subnetworkId: pulumi.output("subnetwork"),
    podsRange: pulumi.output("gke-pods"),
    servicesRange: pulumi.output("gke-services"),
  },
  masterCidr: "10.40.128.0/28",
  key: { name: pulumi.output(key) },
  dataProtection: true,
  labels: { "biplane-cluster": "main" },
};
const cluster = "gcp:container/cluster:Cluster";
const pool = "gcp:container/nodePool:NodePool";
const build = (more: Partial<GoogleClusterArgs> = {}, preview = false) =>
  recordResources(() => new GoogleCluster("main", { ...args, ...more }), { preview });

describe("GoogleCluster", () => {
  it("is private, sealed and enforcing in every respect", async () => {
    expect((await build()).one(cluster).inputs).toMatchObject({
      networkingMode: "VPC_NATIVE",
      datapathProvider: "ADVANCED_DATAPATH",
      inTransitEncryptionConfig: "IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT",
      privateClusterConfig: { enablePrivateNodes: true, enablePrivateEndpoint: true },
      masterAuthorizedNetworksConfig: { cidrBlocks: [], gcpPublicCidrsAccessEnabled: false },
      workloadIdentityConfig: { workloadPool: "acme-data.svc.id.goog" },
      databaseEncryption: { state: "ENCRYPTED", keyName: key },
      enableShieldedNodes: true,
      enableLegacyAbac: false,
      masterAuth: { clientCertificateConfig: { issueClientCertificate: false } },
      releaseChannel: { channel: "REGULAR" },
      deletionProtection: true,
      resourceLabels: { "biplane-cluster": "main" },
    });
  });

  it("opens its API to listed networks only, and never without a list", async () => {
    const { inputs } = (await build({ publicApi: ["203.0.113.7/32"] })).one(cluster);
    expect(inputs).toMatchObject({
      privateClusterConfig: { enablePrivateEndpoint: false },
      masterAuthorizedNetworksConfig: { cidrBlocks: [{ cidrBlock: "203.0.113.7/32" }] },
    });
    expect(() => planGkeEndpoint(["0.0.0.0/0"])).toThrow(/^biplane:kubernetes\.publicApi\[0\] is "0\.0\.0\.0\/0"/);
    const many = Array.from({ length: 101 }, (_, at) => `203.0.${at}.0/24`);
    expect(() => planGkeEndpoint(many)).toThrow(/up to 100, GKE's quota/);
  });

  it("has nodes, its first ones too, that hide their own account from pods and are measured at boot", async () => {
    const made = await build();
    for (const type of [cluster, pool]) {
      expect(made.one(type).inputs.nodeConfig, type).toMatchObject({
        serviceAccount: "main-node@acme-data.iam.gserviceaccount.com",
        bootDiskKmsKey: key,
        workloadMetadataConfig: { mode: "GKE_METADATA" },
        shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
        metadata: { "disable-legacy-endpoints": "true" },
      });
    }
    expect(made.one(pool).inputs).toMatchObject({
      networkConfig: { enablePrivateNodes: true },
      autoscaling: { minNodeCount: 1, maxNodeCount: 5 },
      nodeLocations: args.zones,
    });
  });

  it("gives its nodes' account one role, and people theirs", async () => {
    const made = await build({ access: [{ name: "ops", member: "group:ops@example.com", access: "cluster-admin" }] });
    const granted = made.of("gcp:projects/iAMMember:IAMMember").map(({ inputs }) => [inputs.role, inputs.member]);
    expect(granted.sort()).toEqual([
      ["roles/container.admin", "group:ops@example.com"],
      ["roles/container.defaultNodeServiceAccount", "serviceAccount:main-node@acme-data.iam.gserviceaccount.com"],
    ]);
  });

  it("answers as every cloud's cluster, once its nodes are there", async () => {
    const made = await recordResources(
      async () => {
        const one = new GoogleCluster("main", args);
        const known = await settled(pulumi.all([one.version, one.apiHost, one.apiPort, one.workloadPool]));
        expect(known).toEqual(["1.34", "10.40.128.2", 443, "acme-data.svc.id.goog"]);
        expect(JSON.parse(String(await settled(one.kubeconfig))).clusters[0].cluster.server).toBe(
          "https://10.40.128.2",
        );
      },
      { slow: [pool] },
    );
    expect(made.all.length).toBeGreaterThan(3);
  });

  it("shows the same in a first preview", async () => {
    const names = ({ all }: Awaited<ReturnType<typeof build>>) => all.map(({ type, name }) => `${type} ${name}`).sort();
    expect(names(await build({}, true))).toEqual(names(await build()));
  });
});

describe("the plans of a GKE cluster", () => {
  it("refuse versions that the kit was not made for", () => {
    expect(checkGkeVersion("1.34")).toBe("1.34");
    expect(() => checkGkeVersion("1.29")).toThrow(/^biplane:kubernetes\.version is "1\.29"; allowed: 1\.33, 1\.34/);
  });

  it.each([
    [{ a: { machineType: "e2-standard-4", perZone: { min: 3, max: 2 } } }, /nodePools\.a\.perZone is /],
    [{ a: { machineType: "e2-standard-4", perZone: { min: 0, max: 2 } } }, /allowed: at least one pool without taints/],
    [{}, /allowed: at least one pool/],
  ])("refuse pools %o", (pools, words) => {
    expect(() => planNodePools(pools)).toThrow(words);
  });

  it("encrypt between as many nodes as GKE can, or not where nobody wants it", async () => {
    const perZone = (max: number) => ({ machineType: "n2-standard-4", perZone: { min: 1, max } });
    const pools = (gpu: number) => ({ general: perZone(100), gpu: perZone(gpu) });
    expect(planNodeEncryption(true, pools(66), 3)).toBe("IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT");
    expect(() => planNodeEncryption(true, pools(67), 3)).toThrow(/nodePools is "up to 501 nodes"; allowed: up to 500 /);
    expect(planNodeEncryption(false, pools(67), 3)).toBe("IN_TRANSIT_ENCRYPTION_DISABLED");
    const off = (await build({ nodeEncryption: false, nodePools: { general: perZone(300) } })).one(cluster).inputs;
    expect(off).toMatchObject({ inTransitEncryptionConfig: "IN_TRANSIT_ENCRYPTION_DISABLED" });
    await expect(build({ nodePools: { general: perZone(300) } })).rejects.toThrow(/up to 600 nodes/);
  });

  it.each(["allUsers", "user:a", "domain:example.com", "allAuthenticatedUsers"])("never let in %s", (member) => {
    expect(() => checkGkeAccess([{ name: "x", member, access: "view" }])).toThrow(/access\[0\]\.member is /);
  });

  it("let nobody in twice", () => {
    const one = { name: "x", member: "user:a@example.com", access: "view" as const };
    expect(() => checkGkeAccess([one, { ...one, name: "y" }])).toThrow(/each name and each member once/);
  });
});

describe("renderGkeKubeconfig", () => {
  const access = { name: "main", endpoint: "10.40.128.2", certificateAuthorityData: "Q0E=" };

  it("holds no credential: each client asks for its own", () => {
    const { users, clusters } = JSON.parse(renderGkeKubeconfig(access));
    expect(users[0].user).toEqual({ exec: expect.objectContaining({ command: "gke-gcloud-auth-plugin" }) });
    expect(clusters[0].cluster).not.toHaveProperty("tls-server-name");
  });

  it("verifies the API by its own name where an endpoint leads to it", () => {
    const { clusters } = JSON.parse(renderGkeKubeconfig({ ...access, endpoint: "10.9.0.7" }, true));
    expect(clusters[0].cluster).toMatchObject({
      ...{ server: "https://10.9.0.7", "tls-server-name": "kubernetes.default.svc" },
    });
  });
});

describe("adoptGkeCluster", () => {
  const of = (more: Partial<AdoptedGkeArgs> = {}) =>
    adoptGkeCluster({ project: "acme-data", region: "europe-west4", clusterName: "main", ...more }, {});
  const serverOf = async (kubeconfig: pulumi.Output<string>) =>
    JSON.parse(String(await settled(kubeconfig))).clusters[0].cluster.server;

  it("makes nothing, and takes what a base phase made", async () => {
    const made = await recordResources(async () => {
      const one = of();
      expect(await settled(pulumi.all([one.version, one.workloadPool]))).toEqual(["1.34", "acme-data.svc.id.goog"]);
      expect(await serverOf(one.kubeconfig)).toBe("https://10.40.128.2");
    });
    expect(made.all).toEqual([]);
  });

  it("goes through the link's address where there is one", async () => {
    await recordResources(async () => {
      expect(await serverOf(of({ link: "private-link", apiAddress: "10.9.0.7" }).kubeconfig)).toBe("https://10.9.0.7");
    });
  });
});

describe("what GKE says about an existing cluster", () => {
  const good: FoundGkeCluster = {
    ...{ name: "main", version: "1.34", workloadPool: "acme-data.svc.id.goog", secretsKey: key },
    ...{ privateNodes: true, privateEndpoint: true, authorizedNetworks: [], datapath: "ADVANCED_DATAPATH" },
    ...{ shieldedNodes: true, legacyAuthorization: false, metadataModes: ["GKE_METADATA"] },
    logged: ["SYSTEM_COMPONENTS", "APISERVER", "WORKLOADS"],
  };
  const faults: Record<string, Partial<FoundGkeCluster>> = {
    "Kubernetes version": { version: "1.29" },
    "Workload Identity": { workloadPool: undefined },
    "metadata servers of node pools": { metadataModes: ["GKE_METADATA", "GCE_METADATA"] },
    "encryption of Secrets": { secretsKey: undefined },
    "private nodes": { privateNodes: false },
    "public endpoint": { privateEndpoint: false, authorizedNetworks: undefined },
    datapath: { datapath: "LEGACY_DATAPATH" },
    "shielded nodes": { shieldedNodes: false },
    "legacy authorization": { legacyAuthorization: true },
    logs: { logged: ["SYSTEM_COMPONENTS"] },
  };

  it("passes when all of it holds, with a list of networks too", () => {
    checkAdoptedGke(good);
    checkAdoptedGke({ ...good, privateEndpoint: false, authorizedNetworks: ["203.0.113.7/32"] });
  });

  it.each(gkeAdoptionChecks.map(({ what, todo }) => [what, todo]))("is refused by its %s", (what, todo) => {
    const check = () => checkAdoptedGke({ ...good, ...faults[what] });
    expect(check).toThrow(`${what} of the adopted cluster main is `);
    expect(check).toThrow(todo);
  });

  it("is refused where a pool tells nothing, and where the whole internet is listed", () => {
    expect(() => checkAdoptedGke({ ...good, metadataModes: [] })).toThrow(/metadata servers/);
    const open = { ...good, privateEndpoint: false, authorizedNetworks: ["0.0.0.0/0"] };
    expect(() => checkAdoptedGke(open)).toThrow(/public endpoint/);
  });

  it("is refused where its API is private and nothing leads to it, with the step that is missing", () => {
    checkGkeLink(good, "inside");
    checkGkeLink({ ...good, privateEndpoint: false }, "none");
    expect(() => checkGkeLink(good, "none")).toThrow(/biplane:link.*phase link/);
  });
});
