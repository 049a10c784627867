import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { settled } from "../testing/settled.ts";
import { AzureCluster, type AzureClusterArgs } from "./azure.ts";
import { type AdoptedAksArgs, adoptAksCluster } from "./azure-adopt.ts";
import { aksAdoptionChecks, checkAdoptedAks, checkAksLink, type FoundAksCluster } from "./azure-adopt-checks.ts";
import { authorityIn, portIn, renderAksKubeconfig } from "./azure-kubeconfig.ts";
import { checkAksAccess, checkAksVersion, planAksEndpoint, planAksPools } from "./azure-plan.ts";

const keyOf = (keyName: string) => ({
  ...{ id: pulumi.output(keyName), keyName, vaultUri: pulumi.output("https://v.vault.azure.net/") },
  url: pulumi.output(`https://v.vault.azure.net/keys/${keyName}`),
  versionUrl: pulumi.output(`https://v.vault.azure.net/keys/${keyName}/1`),
});
const args: AzureClusterArgs = {
  ...{ subscription: "11111111-1111-4111-8111-111111111111", tenant: "tenant", group: "group", region: "westeurope" },
  ...{ zones: ["1", "2"], subnetId: "subnet", ranges: { pods: "10.64.0.0/15", services: "10.40.64.0/18" } },
  ...{ keys: { cluster: keyOf("cluster"), disks: keyOf("disks") }, dataProtection: true, tags: { team: "x" } },
};
const cluster = "azure-native:containerservice:ManagedCluster";
const pool = "azure-native:containerservice:AgentPool";
const assignment = "azure-native:authorization:RoleAssignment";
const build = (more: Partial<AzureClusterArgs> = {}, slow: string[] = []) =>
  recordResources(() => new AzureCluster("main", { ...args, ...more }), { slow });

describe("AzureCluster", () => {
  it("is private, sealed and enforcing in every respect, and people come by Entra alone", async () => {
    expect((await build()).one(cluster).inputs).toMatchObject({
      apiServerAccessProfile: {
        ...{ enablePrivateCluster: true, enablePrivateClusterPublicFQDN: false, disableRunCommand: true },
      },
      ...{ enableRBAC: true, disableLocalAccounts: true, diskEncryptionSetID: "main-id" },
      aadProfile: { managed: true, enableAzureRBAC: true, tenantID: "tenant" },
      networkProfile: {
        ...{ networkPolicy: "cilium", networkDataplane: "cilium", networkPluginMode: "overlay" },
        ...{ outboundType: "userAssignedNATGateway", dnsServiceIP: "10.40.64.10" },
      },
      oidcIssuerProfile: { enabled: true },
      securityProfile: {
        workloadIdentity: { enabled: true },
        azureKeyVaultKms: { enabled: true, keyId: "https://v.vault.azure.net/keys/cluster/1" },
      },
      nodeResourceGroupProfile: { restrictionLevel: "ReadOnly" },
    });
  });

  it("opens its API to listed networks only", async () => {
    const { inputs } = (await build({ publicApi: ["203.0.113.7/32"] })).one(cluster);
    expect(inputs.apiServerAccessProfile).toEqual({
      ...{ enablePrivateCluster: false, authorizedIPRanges: ["203.0.113.7/32"], disableRunCommand: true },
    });
    expect(() => planAksEndpoint(["0.0.0.0/0"])).toThrow(/^biplane:kubernetes\.publicApi\[0\] is "0\.0\.0\.0\/0"/);
  });

  it("has nodes without an address of their own, sealed down to their caches; its own add-ons stand apart", async () => {
    const made = await build({
      nodePools: { general: { vmSize: "Standard_D4s_v5", perZone: { min: 1, max: 5 }, capacity: "spot" } },
    });
    const [system] = made.one(cluster).inputs.agentPoolProfiles as Record<string, unknown>[];
    for (const inputs of [system, made.one(pool).inputs]) {
      expect(inputs).toMatchObject({ enableNodePublicIP: false, enableEncryptionAtHost: true, vnetSubnetID: "subnet" });
    }
    expect(system?.nodeTaints).toEqual(["CriticalAddonsOnly=true:NoSchedule"]);
    expect(made.one(pool).inputs).toMatchObject({ minCount: 2, maxCount: 10, scaleSetPriority: "Spot" });
    expect(made.one(pool).inputs).not.toHaveProperty("upgradeSettings");
  });

  it("has rights on its subnet, its nodes' identity and its key before it is made, and nowhere else", async () => {
    const made = await build({}, [assignment]);
    const rights = made.of(assignment).filter(({ name }) => name.startsWith("main-control"));
    expect(rights.map(({ inputs }) => inputs.scope).sort()).toEqual(["cluster", "main-node-id", "subnet"]);
    for (const { ended } of rights) expect(made.one(cluster).begun).toBeGreaterThan(ended);
  });

  it("keeps what its control plane records, and gives people theirs on it alone", async () => {
    const objectId = "33333333-3333-4333-8333-333333333333";
    const made = await build({ access: [{ name: "ops", objectId, kind: "Group", access: "view" }] });
    expect(made.one("azure-native:monitor:DiagnosticSetting").inputs.logs).toContainEqual({
      ...{ category: "kube-audit-admin", enabled: true },
    });
    expect(made.one(assignment, "main-ops").inputs).toMatchObject({
      ...{ scope: "main-id", principalId: objectId, principalType: "Group" },
      roleDefinitionId: expect.stringMatching(/7f6c6a51-bcf8-42ba-9220-52d62157d7db$/),
    });
  });

  it("answers as every cloud's cluster", async () => {
    await recordResources(async () => {
      const one = new AzureCluster("main", args);
      const known = await settled(pulumi.all([one.version, one.apiHost, one.apiPort, one.issuer, one.nodePrincipal]));
      expect(known).toEqual([
        ...["1.34", "biplane-main.privatelink.westeurope.azmk8s.io", 443],
        ...["https://westeurope.oic.prod-aks.azure.com/tenant/cluster/", "principal of main-node"],
      ]);
      expect(JSON.parse(String(await settled(one.kubeconfig))).clusters[0].cluster).toEqual({
        server: "https://biplane-main.privatelink.westeurope.azmk8s.io",
        "certificate-authority-data": "Q0E=",
      });
    });
  });
});

describe("the plans of an AKS cluster", () => {
  const spec = { vmSize: "Standard_D4s_v5", perZone: { min: 1, max: 2 } };

  it("refuse versions that the kit was not made for, and whom they know already", () => {
    expect(checkAksVersion("1.34")).toBe("1.34");
    expect(() => checkAksVersion("1.29")).toThrow(/^biplane:kubernetes\.version is "1\.29"; allowed: 1\.33, 1\.34/);
    const one = { name: "x", objectId: "o", kind: "User" as const, access: "view" as const };
    expect(() => checkAksAccess([one, { ...one, name: "y" }])).toThrow(/each name and each principal once/);
  });

  it.each([
    [{ a: { ...spec, perZone: { min: 3, max: 2 } } }, /nodePools\.a\.perZone is /],
    [{ a: { ...spec, perZone: { min: 0, max: 2 } } }, /at least one pool without taints/],
    [{ system: spec }, /another name: this one is the pool of the cluster's own add-ons/],
    [{ "with-dash": spec }, /names of a-z and 0-9/],
    [{ a: { ...spec, perZone: { min: 1, max: 334 } } }, /max from 1 to 333/],
  ])("refuse pools %o", (pools, words) => {
    expect(() => planAksPools(pools, 3)).toThrow(words);
  });

  it("count nodes over all zones, and write taints as AKS has them", () => {
    const taints = [{ key: "gpu", effect: "NO_SCHEDULE" as const }];
    const planned = planAksPools({ general: spec, gpu: { ...spec, taints } }, 3);
    expect(planned.map(({ nodes }) => nodes)).toEqual([
      { min: 3, max: 6 },
      { min: 3, max: 6 },
    ]);
    expect(planned[1]?.taints).toEqual(["gpu=:NoSchedule"]);
  });
});

describe("the kubeconfig", () => {
  const access = { name: "main", host: "main.azmk8s.io", certificateAuthorityData: "Q0E=" };

  it("holds no credential, and verifies the API by its own name where an endpoint leads to it", () => {
    const { users, clusters } = JSON.parse(renderAksKubeconfig({ ...access, address: "10.9.0.7" }));
    expect(users[0].user).toEqual({ exec: expect.objectContaining({ command: "kubelogin" }) });
    expect(clusters[0].cluster).toMatchObject({ server: "https://10.9.0.7", "tls-server-name": "main.azmk8s.io" });
  });

  it("is not made up where AKS names no authority", () => {
    expect(() => authorityIn([])).toThrow(/without certificate-authority-data/);
  });

  it("takes the port of the API from what AKS hands out, 443 where that names none", () => {
    const handedOut = (server: string) => [
      { value: Buffer.from(`- cluster:\n    server: ${server}\n`).toString("base64") },
    ];
    expect([...["https://api.test:443", "https://api.test"].map(handedOut), []].map(portIn)).toEqual([443, 443, 443]);
    expect(portIn(handedOut("https://api.test:6443"))).toBe(6443);
    const [{ cluster }] = JSON.parse(renderAksKubeconfig({ ...access, port: 6443 })).clusters;
    expect(cluster.server).toBe(`https://${access.host}:6443`);
  });
});

describe("adoptAksCluster", () => {
  const of = (more: Partial<AdoptedAksArgs> = {}) =>
    adoptAksCluster({ clusterGroup: "biplane-main-base", clusterName: "biplane-main", ...more }, {});

  it("makes nothing, and takes what a base phase made, by the link's address where there is one", async () => {
    const made = await recordResources(async () => {
      const one = of({ link: "private-link", apiAddress: "10.9.0.7" });
      const known = await settled(pulumi.all([one.version, one.nodePrincipal, one.nodeSubnetId]));
      expect(known).toEqual(["1.34", "principal of biplane-main-node", "subnet"]);
      expect(String(await settled(one.kubeconfig))).toContain("https://10.9.0.7");
    });
    expect(made.all).toEqual([]);
  });
});

describe("what AKS says about an existing cluster", () => {
  const good: FoundAksCluster = {
    ...{ name: "main", version: "1.34", issuer: "https://oidc.test/", workloadIdentity: true, entra: true },
    ...{ localAccounts: false, secretsKey: "key", diskEncryptionSet: "disks", privateApi: true },
    ...{ networkPolicy: "cilium", publicNodes: false, runCommand: false },
  };
  const faults: Record<string, Partial<FoundAksCluster>> = {
    "Kubernetes version": { version: "1.29" },
    "workload identity": { issuer: undefined },
    "sign-in of people": { entra: false },
    "local accounts": { localAccounts: true },
    "encryption of Secrets": { secretsKey: undefined },
    "encryption of disks": { diskEncryptionSet: undefined },
    "public endpoint": { privateApi: false, authorizedRanges: ["203.0.113.7/32", "0.0.0.0/0"] },
    "network policy": { networkPolicy: "none" },
    "public addresses of nodes": { publicNodes: true },
    "commands through Azure": { runCommand: true },
  };

  it.each(aksAdoptionChecks.map(({ what, todo }) => [what, todo]))("is refused by its %s", (what, todo) => {
    checkAdoptedAks(good);
    const check = () => checkAdoptedAks({ ...good, ...faults[what] });
    expect(check).toThrow(`${what} of the adopted cluster main is `);
    expect(check).toThrow(todo);
  });

  it("is refused where everybody or nobody at all is listed, and where nothing leads to a private API", () => {
    expect(() => checkAdoptedAks({ ...good, privateApi: false })).toThrow(/public endpoint.*everybody/);
    checkAdoptedAks({ ...good, privateApi: false, authorizedRanges: ["203.0.113.7/32"] });
    checkAksLink(good, "inside");
    expect(() => checkAksLink(good, "none")).toThrow(/biplane:link.*phase link/);
  });
});
