import { beforeAll, describe, expect, it } from "vitest";
import { settled } from "../components/testing/settled.ts";
import { azureBaseOutputs, azureCustomerOutputs, azureLinkOutputs } from "./outputs.ts";
import { type Built, build, managedIn, managersTold, named, objects } from "./testing/built-stack.ts";
import {
  servesApps as apps,
  azureBaseValues,
  azureByoc,
  azureCustomerValues,
  azureLinkValues,
  azureManager,
} from "./testing/valid-config.ts";

const diskEncryptionSet =
  "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/keys/providers/Microsoft.Compute/diskEncryptionSets/measures";
const metricsStore = { image: `registry.test/prometheus@sha256:${"e".repeat(64)}`, diskEncryptionSet };
const byocValues = () =>
  azureCustomerValues({ ...azureManager, logs: { retentionDays: 90 }, metricsStore, isolation: "project" });
let base: Built;
let byocBase: Built;
let customer: Built;
let byoc: Built;
let link: Built;

beforeAll(async () => {
  base = await build(azureBaseValues());
  byocBase = await build(azureBaseValues(azureByoc));
  customer = await build(azureCustomerValues());
  byoc = await build(byocValues());
  link = await build(azureLinkValues());
}, 120_000);

const programs = [
  ["self-managed base", () => base, () => azureBaseValues(), azureBaseOutputs],
  ["byoc base", () => byocBase, () => azureBaseValues(azureByoc), azureBaseOutputs],
  ["self-managed customer", () => customer, () => azureCustomerValues(), azureCustomerOutputs],
  ["byoc customer", () => byoc, byocValues, azureCustomerOutputs],
  ["link", () => link, () => azureLinkValues(), azureLinkOutputs],
] as const;

/** Types of Azure's that take no tags, or whose owner the resource around them says. */
const untagged =
  /:(?:RoleAssignment|RoleDefinition|FederatedIdentityCredential|Subnet|BlobContainer|BlobServiceProperties|ManagementPolicy|DiagnosticSetting|DataCollectionRuleAssociation|PrivateEndpointConnection|AgentPool)$/;

describe.each(programs)("every %s program on Azure", (_, built, values, outputs) => {
  it("answers what outputs.ts promises", async () => {
    expect(outputs.safeParse(await settled(built().outputs)).error).toBeUndefined();
  });

  it("shows the same resources in a first preview, when nothing is known yet", async () => {
    const names = ({ all }: Built) => all.map(({ type, name }) => `${type} ${name}`).sort();
    expect(names(await build(values(), { preview: true }))).toEqual(names(built()));
  });

  it("gives each resource a name of its own, from plain configuration", () => {
    const seen = built().all.map(({ type, name }) => `${type} ${name}`);
    expect(seen.filter((name, at) => seen.indexOf(name) !== at)).toEqual([]);
  });

  it("makes nothing of another cloud's, nor speaks of it", () => {
    const packages = new Set(built().all.map(({ type }) => type.split(":")[0]));
    expect(packages).toContain("azure-native");
    for (const other of ["aws", "gcp"]) expect(packages).not.toContain(other);
    expect(JSON.stringify(objects(built(), "Deployment"))).not.toMatch(/AWS_|GCP_/);
  });

  it("tags whatever takes tags, with ours and the customer's", () => {
    const made = built().all.filter(({ type }) => type.startsWith("azure-native:") && !untagged.test(type));
    expect(made.length).toBeGreaterThan(0);
    for (const { name, type, inputs } of made) {
      expect(inputs.tags, `${type} ${name}`).toMatchObject({
        "biplane:managed-by": "pulumi",
        "biplane:cluster": "main",
      });
    }
  });
});

describe("a customer's base on Azure", () => {
  it("self-managed: makes no identity, role or link of a vendor at all", () => {
    expect(JSON.stringify(base.all)).not.toContain("vendor");
    for (const type of ["managedidentity:FederatedIdentityCredential", "authorization:RoleDefinition"]) {
      expect(base.of(`azure-native:${type}`), type).toEqual([]);
    }
    expect(base.of("azure-native:containerservice:PrivateEndpointConnection")).toEqual([]);
  });

  it("byoc: makes one identity of one workload of the vendor's, one role on one cluster, and lets one connection in", () => {
    const trusted = byocBase.one("azure-native:managedidentity:FederatedIdentityCredential").inputs;
    expect(trusted).toMatchObject({ issuer: "https://tokens.vendor.test", subject: "operations" });
    expect(byocBase.one("azure-native:authorization:RoleAssignment", "biplane-main-management").inputs).toMatchObject({
      ...{ scope: "biplane-main-id", principalId: "principal of biplane-main-management" },
    });
    expect(byocBase.one("azure-native:containerservice:PrivateEndpointConnection").inputs).toMatchObject({
      ...{ privateEndpointConnectionName: "vendor-api.0e8d9ad2", resourceName: "biplane-main" },
      privateLinkServiceConnectionState: { status: "Approved" },
    });
  });

  it("leaves Defender's plan as the subscription has it, but where it is told to have images scanned", async () => {
    const type = "azure-native:security:Pricing";
    expect(base.of(type)).toEqual([]);
    const scanned = await build(azureBaseValues({ imageScanning: "defender" }));
    expect(scanned.of(type).map(({ inputs }) => inputs.scopeId)).toEqual([
      "subscriptions/11111111-1111-4111-8111-111111111111",
    ]);
    await expect(build(azureBaseValues({ imageScanning: "trivy" }))).rejects.toThrow(
      /biplane:imageScanning is "trivy"/,
    );
  });

  it("refuses ranges over each other, and another cloud's words, before anything is made", async () => {
    const over = azureBaseValues({ network: { nodes: "10.64.0.0/18" } });
    await expect(build(over, { preview: true })).rejects.toThrow(/^biplane:network\.pods is .*network\.nodes/);
    const words = azureBaseValues({ region: "us-east-2" });
    await expect(build(words)).rejects.toThrow(/biplane:region is "us-east-2"; allowed: a region of Azure/);
    await expect(build(azureBaseValues({ project: "x" }))).rejects.toThrow(/biplane:project is not known/);
    const group = azureBaseValues({ clusterGroup: "mine" });
    await expect(build(group)).rejects.toThrow(/biplane:clusterGroup is "mine"/);
  });
});

describe("a customer stack on Azure", () => {
  it("binds the vendor's identity of the base in Kubernetes by its object id, and only where it operates", async () => {
    const users = (built: Built) =>
      JSON.stringify(objects(built, "ClusterRoleBinding").map(({ inputs }) => inputs.subjects));
    expect(users(byoc)).toContain(azureManager.managementPrincipal);
    expect(objects(customer, "ClusterRoleBinding")).toEqual([]);
    await expect(build(azureCustomerValues({ model: "byoc" }))).rejects.toThrow(/managementPrincipal/);
  });

  it("lets the vendor manage what serves apps, where there are apps and it operates the plane", async () => {
    const served = await build(azureCustomerValues({ ...azureManager, apps }));
    expect(managedIn(served)).toEqual(["knative-serving", "kourier-system", "union"]);
    expect(managersTold(served)).toEqual([azureManager.managementPrincipal]);
    expect(managedIn(byoc)).toEqual(["union"]);
    const own = await build(azureCustomerValues({ apps }));
    expect([managedIn(own), managersTold(own)]).toEqual([[], []]);
  });

  it("lets task pods be their own project-domain's identity where each has one, and says so on the services' pods", () => {
    for (const domain of ["development", "production"]) {
      const { inputs } = named(objects(byoc, "ServiceAccount"), "default", `demo-${domain}`);
      const annotations = { "azure.workload.identity/client-id": `client of userflyterole-demo-${domain}` };
      expect(inputs.metadata).toMatchObject({ annotations });
    }
    const asking = objects(byoc, "Deployment").flatMap(({ inputs }) => {
      const { labels } = (inputs.spec as { template: { metadata: { labels: Record<string, string> } } }).template
        .metadata;
      return labels["azure.workload.identity/use"] === "true" ? [inputs.metadata.name] : [];
    });
    expect(asking.sort()).toEqual(["executor", "logs", "objectstore", "secrets"]);
  });

  it("seals what it keeps with keys of the customer's, made here or given", async () => {
    expect(customer.of("azure-native:keyvault:Key").map(({ inputs }) => inputs.keyName)).toEqual(["data", "images"]);
    const vault =
      "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/keys/providers/Microsoft.KeyVault";
    const data = `${vault}/vaults/acme-keys/keys/data`;
    const given = await build(azureCustomerValues({ keys: { data, images: data } }));
    expect(given.all.filter(({ type }) => type.startsWith("azure-native:keyvault:"))).toEqual([]);
    expect(given.one("azure-native:storage:StorageAccount").inputs.encryption).toMatchObject({
      keyVaultProperties: { keyVaultUri: "https://acme-keys.vault.azure.net/", keyName: "data" },
    });
    await expect(build(azureCustomerValues({ keys: { data: `${vault}/vaults/v` } }))).rejects.toThrow(
      /^biplane:keys\.data is .*a key's id/,
    );
  });

  it("keeps logs in a workspace of its own that one identity reads, where it is asked to", () => {
    const sent = byoc.one("azure-native:monitor:DataCollectionRule").inputs.dataSources;
    expect(JSON.stringify(sent)).toContain('"namespaces":["demo-development","demo-production"]');
    expect(byoc.one("azure-native:authorization:RoleAssignment", "biplane-main-logs-reader").inputs).toMatchObject({
      ...{ principalId: "principal of adminflyterole", scope: "biplane-main-logs-id" },
    });
    expect(customer.of("azure-native:monitor:DataCollectionRule")).toEqual([]);
  });

  it("goes through the link's address where there is one, and not at all where nothing leads there", async () => {
    const through = await build(azureCustomerValues({ link: "private-link", apiAddress: "10.9.0.7" }));
    const { kubeconfig } = through.one("pulumi:providers:kubernetes").inputs;
    expect(JSON.stringify(kubeconfig)).toContain("https://10.9.0.7");
    expect(JSON.stringify(kubeconfig)).toContain("biplane-main.privatelink.westeurope.azmk8s.io");
    await expect(build(azureCustomerValues({ apiAddress: "10.9.0.7" }))).rejects.toThrow(/biplane:apiAddress/);
  });
});

describe("the vendor's link on Azure", () => {
  it("asks and waits: its endpoint never approves itself", () => {
    const { inputs } = link.one("azure-native:network:PrivateEndpoint");
    expect(inputs).not.toHaveProperty("privateLinkServiceConnections");
    expect(inputs.manualPrivateLinkServiceConnections).toMatchObject([{ groupIds: ["management"] }]);
  });
});

it("keeps measures on a disk under the given disk encryption set, on Azure", () => {
  const made = byoc.one("kubernetes:storage.k8s.io/v1:StorageClass").inputs;
  expect(made).toMatchObject({
    provisioner: "disk.csi.azure.com",
    parameters: { diskEncryptionSetID: diskEncryptionSet },
  });
  expect(objects(customer, "StorageClass")).toEqual([]);
});
