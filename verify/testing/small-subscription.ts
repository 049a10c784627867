/** A small subscription in memory that answers as Azure's APIs do, each call under the action that it needs. */
import { answerRead } from "../../sandbox/azure-reads/index.ts";
import { eventsOf } from "../../sandbox/cloud/azure/activity.ts";
import type { Entry } from "../../sandbox/providers/machine/kept.ts";
import type { Properties } from "../../sandbox/providers/machine/values.ts";
import { planeIdentities } from "../azure-identities.ts";
import type { AzureOptions } from "../collect/azure/client.ts";
import {
  clusterId,
  containerId,
  identityId,
  placeIn,
  registryId,
  storageId,
  subscriptionOf,
} from "../collect/azure/places.ts";
import { goodAzureTarget } from "./good-azure.ts";

const target = goodAzureTarget;
const vault = placeIn(target, "workloads", "Microsoft.KeyVault/vaults", target.secretsVault ?? "");
const network = placeIn(target, "cluster", "Microsoft.Network/virtualNetworks", "main");
const walls = placeIn(target, "cluster", "Microsoft.Network/networkSecurityGroups", "main");
const disks = placeIn(target, "cluster", "Microsoft.Compute/diskEncryptionSets", "main");
const rule = placeIn(target, "workloads", "Microsoft.Insights/dataCollectionRules", "logs");
const workspace = placeIn(target, "workloads", "Microsoft.OperationalInsights/workspaces", "logs");
const keyUrl = `https://${target.secretsVault}.vault.azure.net/keys/k`;
const identities = "Microsoft.ManagedIdentity/userAssignedIdentities";
const roleId = `${subscriptionOf(target)}/providers/Microsoft.Authorization/roleDefinitions/7f951dda-4ed3-4680-a7ca-43fe172d538d`;

const madeAt = new Date(Date.now() - 3_600_000);
const caller = { tenant: target.tenant, objectId: target.ownPrincipals[0] ?? "", name: "ann@acme.test" };

function entry(type: string, inputs: Properties, outputs: Properties = {}): Entry {
  return {
    madeAt: madeAt.toISOString(),
    type: `azure-native:${type}`,
    inputs: { location: "westeurope", ...inputs },
    outputs,
  };
}

/** One of each kind. */
const kept: Record<string, Entry> = {
  ...Object.fromEntries(
    planeIdentities(target).map(({ name }) => [
      identityId(target, name),
      entry(
        "managedidentity:UserAssignedIdentity",
        {},
        { name, type: identities, clientId: `c ${name}`, principalId: `p ${name}` },
      ),
    ]),
  ),
  [`${identityId(target, "adminflyterole")}/federatedIdentityCredentials/one`]: entry(
    "managedidentity:FederatedIdentityCredential",
    { issuer: "https://oidc.test/", subject: "system:serviceaccount:union:executor", audiences: ["a"] },
  ),
  [`${registryId(target)}/providers/Microsoft.Authorization/roleAssignments/1`]: entry("authorization:RoleAssignment", {
    ...{ scope: registryId(target), principalId: "p", principalType: "ServicePrincipal", roleDefinitionId: roleId },
  }),
  [storageId(target)]: entry("storage:StorageAccount", {
    ...{ allowSharedKeyAccess: false, enableHttpsTrafficOnly: true, minimumTlsVersion: "TLS1_2" },
    encryption: {
      ...{ keySource: "Microsoft.Keyvault" },
      keyVaultProperties: { keyVaultUri: `https://${target.secretsVault}.vault.azure.net/`, keyName: "k" },
    },
  }),
  [`${storageId(target)}/blobServices/default`]: entry("storage:BlobServiceProperties", { isVersioningEnabled: true }),
  [containerId(target, "acme-metadata")]: entry("storage:BlobContainer", { publicAccess: "None" }),
  [vault]: entry("keyvault:Vault", { properties: { enableRbacAuthorization: true } }),
  [`${vault}/keys/k`]: entry("keyvault:Key", { properties: { kty: "RSA", attributes: { enabled: true } } }),
  [registryId(target)]: entry("containerregistry:Registry", { adminUserEnabled: false }),
  [clusterId(target)]: entry("containerservice:ManagedCluster", {
    ...{ nodeResourceGroup: "nodes", diskEncryptionSetID: disks, disableLocalAccounts: true },
    autoUpgradeProfile: { upgradeChannel: "patch" },
    oidcIssuerProfile: { enabled: true, issuerURL: "https://oidc.test/" },
  }),
  [`${clusterId(target)}/agentPools/general`]: entry("containerservice:AgentPool", {
    vnetSubnetID: `${network}/subnets/nodes`,
  }),
  [`${subscriptionOf(target)}/providers/Microsoft.Security/pricings/Containers`]: entry(
    "security:Pricing",
    {
      ...{ scopeId: subscriptionOf(target).slice(1), pricingName: "Containers", pricingTier: "Standard" },
      extensions: [
        { name: "ContainerRegistriesVulnerabilityAssessments", isEnabled: "True" },
        { name: "AgentlessDiscoveryForKubernetes", isEnabled: "False" },
      ],
    },
    { name: "Containers" },
  ),
  [disks]: entry("compute:DiskEncryptionSet", { activeKey: { keyUrl } }),
  [network]: entry("network:VirtualNetwork", { addressSpace: { addressPrefixes: ["10.40.0.0/18"] } }),
  [`${network}/subnets/nodes`]: entry("network:Subnet", { networkSecurityGroup: { id: walls } }),
  [placeIn(target, "cluster", "Microsoft.Network/privateEndpoints", "api")]: entry("network:PrivateEndpoint", {
    subnet: { id: `${network}/subnets/nodes`.toUpperCase() },
    privateLinkServiceConnections: [{ name: "api", privateLinkServiceId: clusterId(target) }],
    manualPrivateLinkServiceConnections: [{ name: "asked", privateLinkServiceId: "alias" }],
  }),
  [placeIn(target, "cluster", "Microsoft.Network/privateEndpoints", "elsewhere")]: entry("network:PrivateEndpoint", {
    subnet: { id: `${network}2/subnets/nodes` },
  }),
  [walls]: entry("network:NetworkSecurityGroup", {
    securityRules: [
      {
        ...{ name: "refuse", priority: 4096, direction: "Inbound", access: "Deny", protocol: "*" },
        ...{ sourceAddressPrefix: "Internet", destinationPortRange: "*" },
      },
    ],
  }),
  [rule]: entry("monitor:DataCollectionRule", {
    destinations: { logAnalytics: [{ name: "tasks", workspaceResourceId: workspace }] },
  }),
  [`${clusterId(target)}/providers/Microsoft.Insights/dataCollectionRuleAssociations/c`]: entry(
    "monitor:DataCollectionRuleAssociation",
    { dataCollectionRuleId: rule },
  ),
  [`${clusterId(target)}/providers/Microsoft.Insights/diagnosticSettings/d`]: entry("monitor:DiagnosticSetting", {
    workspaceId: workspace,
  }),
  [workspace]: entry("operationalinsights:Workspace", {}, { customerId: "w" }),
};

/** The action of what is read, by its path: `Microsoft.X/kind/kind/read`. */
export function actionOf(url: string): string {
  const { pathname } = new URL(url);
  const [, namespace = "", rest = ""] = /^.*\/providers\/([^/]+)\/(.+)$/.exec(pathname) ?? [];
  if (pathname.endsWith("/resources")) return "Microsoft.Resources/subscriptions/resources/read";
  const parts = rest.split("/").filter((_, at) => at % 2 === 0);
  return `${namespace}/${parts.join("/")}/read`;
}

/** @param answer in the place of what a call under that action gets; undefined leaves it */
export function smallSubscription(answer: (action: string, url: string) => Response | undefined): AzureOptions {
  const activity = () =>
    planeIdentities(target).flatMap(({ name }) =>
      eventsOf({ id: identityId(target, name), kind: identities, verb: "write", status: 201 }, caller, madeAt),
    );
  const secrets = [{ vault: target.secretsVault ?? "", name: "union--acme--KEY" }];
  return {
    ...{ manager: "https://manager.test", blobs: "https://blobs.test", token: async () => "t", backoffMs: 0 },
    async send(url) {
      if (url.startsWith("https://blobs.test")) {
        return answer("blobs", url) ?? new Response(blobsAt(new URL(url).searchParams));
      }
      const { pathname, search } = new URL(url);
      const { status, body } = answerRead({ method: "GET", url: `${pathname}${search}` }, { kept, secrets, activity });
      return answer(actionOf(url), url) ?? Response.json(body, { status });
    },
  };
}

/** Of a container with one blob in the project, and two beside all prefixes on a second page. */
function blobsAt(query: URLSearchParams): string {
  const of = (kind: string, name: string) => `<${kind}>\n<Name${name}</Name></${kind}>`;
  if (query.get("marker") === "2&") {
    const strays = of("Blob", ">a&amp;b") + of("Blob", ' Encoded="true">a%0Ab') + of("BlobPrefix", ">old/");
    return `<EnumerationResults><Blobs>${strays}</Blobs><NextMarker /></EnumerationResults>`;
  }
  const levels = ["", "acme/", "acme/demo/", "acme/demo/development/"];
  const next = levels[levels.indexOf(query.get("prefix") ?? "") + 1];
  if (query.get("delimiter") !== "/" || next === undefined) throw new Error(`nobody lists by ${query}`);
  const marker = next === "acme/" ? "2&amp;" : "";
  return `<EnumerationResults x=""><Blobs>${of("BlobPrefix", `>${next}`)}</Blobs><NextMarker>${marker}</NextMarker></EnumerationResults>`;
}
