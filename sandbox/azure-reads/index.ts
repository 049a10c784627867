/**
 * The kept subscription as Azure's resource manager answers of it, for whoever only looks: the few reads that `verify`
 * makes, each under its ordinary path. A resource by its id, and the lists below; what is neither is not found. Nothing is
 * judged here: who may ask is the matter of whoever lets the call in.
 */
import type { Entry } from "../providers/machine/kept.ts";
import { list, object, type ReadAnswer, type ReadRequest } from "../providers/machine/reads.ts";
import { activityPath, eventsAsked, resourcesAsked, resourcesPath } from "./activity.ts";
import { type KeptSubscription, page, resourceOf } from "./answer.ts";
import { builtInPermissions } from "./roles.ts";

/** Kinds of which all that are in a subscription are listed. */
const ofSubscription: Readonly<Record<string, string>> = {
  "Microsoft.ManagedIdentity/userAssignedIdentities": "azure-native:managedidentity:UserAssignedIdentity",
  "Microsoft.Authorization/roleAssignments": "azure-native:authorization:RoleAssignment",
  "Microsoft.KeyVault/vaults": "azure-native:keyvault:Vault",
  "Microsoft.Network/privateEndpoints": "azure-native:network:PrivateEndpoint",
  "Microsoft.Network/publicIPAddresses": "azure-native:network:PublicIPAddress",
  "Microsoft.Network/networkSecurityGroups": "azure-native:network:NetworkSecurityGroup",
  "Microsoft.OperationalInsights/workspaces": "azure-native:operationalinsights:Workspace",
  "Microsoft.Insights/dataCollectionRules": "azure-native:monitor:DataCollectionRule",
};

/** Plans of Microsoft Defender that a subscription always has, free until somebody sets them. */
const plans = ["CloudPosture", "ContainerRegistry", "Containers", "KeyVaults", "StorageAccounts"];

/** Kinds that lie beneath one resource, by the end of the path. */
const beneath: Readonly<Record<string, string>> = {
  federatedIdentityCredentials: "azure-native:managedidentity:FederatedIdentityCredential",
  containers: "azure-native:storage:BlobContainer",
  agentPools: "azure-native:containerservice:AgentPool",
  privateEndpointConnections: "azure-native:containerservice:PrivateEndpointConnection",
  dataCollectionRuleAssociations: "azure-native:monitor:DataCollectionRuleAssociation",
  diagnosticSettings: "azure-native:monitor:DiagnosticSetting",
};

/** Of which the kit makes none, so there are none: each is listed all the same. */
const empty = [
  /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Authorization\/denyAssignments$/i,
  /^\/subscriptions\/[^/]+\/providers\/Microsoft\.ManagedServices\/registrationAssignments$/i,
  /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Network\/privateLinkServices$/i,
  /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Network\/networkManagerConnections$/i,
  /\/storageAccounts\/[^/]+\/objectReplicationPolicies$/i,
  /\/registries\/[^/]+\/(tokens|replications)$/i,
  /\/workspaces\/[^/]+\/dataExports$/i,
  // The cluster is the local node, which is no machine of Azure's.
  /\/providers\/Microsoft\.Compute\/virtualMachineScaleSets$/i,
];

export function answerRead({ method, url }: ReadRequest, subscription: KeptSubscription): ReadAnswer {
  const asked = new URL(url, "https://management.azure.com");
  const path = decodeURI(asked.pathname).replace(/\/+$/, "");
  if (method === "GET" && activityPath.test(path)) {
    const events = eventsAsked(subscription.activity?.() ?? [], asked.searchParams.get("$filter"), Date.now());
    return "refused" in events ? refused(events.refused) : { status: 200, body: page(events, asked) };
  }
  if (method === "GET" && resourcesPath.test(path)) {
    const resources = resourcesAsked(subscription.kept, path, asked.searchParams);
    return resources ? { status: 200, body: page(resources, asked) } : refused("this filter is not known here");
  }
  const body = method === "GET" ? (listed(path, asked, subscription) ?? one(path, subscription)) : undefined;
  if (body) return { status: 200, body };
  const message = `The resource '${path}' was not found.`;
  return { status: 404, body: { error: { code: "ResourceNotFound", message } } };
}

function refused(message: string): ReadAnswer {
  return { status: 400, body: { error: { code: "BadRequest", message } } };
}

function listed(path: string, asked: URL, from: KeptSubscription): object | undefined {
  const [, prefix = "", kind = ""] = /^(\/subscriptions\/[^/]+)\/providers\/([^/]+\/[^/]+)$/i.exec(path) ?? [];
  const type = ofSubscription[kind];
  if (type)
    return page(
      resourcesOf(from, type, (id) => startsWith(id, `${prefix}/`)),
      asked,
    );
  if (kind === "Microsoft.Security/pricings") return { value: plansOf(path, from) };
  if (empty.some((pattern) => pattern.test(path))) return page([], asked);
  const [, vault] = /\/vaults\/([^/]+)\/secrets$/i.exec(path) ?? [];
  if (vault) return page(secretsOf(path, vault, from), asked);
  const own: string | undefined = beneath[path.split("/").at(-1) ?? ""];
  return own === undefined
    ? undefined
    : page(
        resourcesOf(from, own, (id) => startsWith(id, `${path}/`)),
        asked,
      );
}

function one(path: string, from: KeptSubscription): object | undefined {
  const [, role = ""] =
    /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Authorization\/roleDefinitions\/([^/]+)$/i.exec(path) ?? [];
  const builtIn = builtInPermissions[role];
  if (builtIn) return { id: path, name: role, properties: { ...builtIn, type: "BuiltInRole" } };
  const found = Object.entries(from.kept).find(
    ([id, { destroyed }]) => !destroyed && id.toLowerCase() === path.toLowerCase(),
  );
  return found && answerOf(found, from);
}

/** All at once, as the API has it. */
function plansOf(path: string, from: KeptSubscription): object[] {
  const set = resourcesOf(from, "azure-native:security:Pricing", (id) => startsWith(id, `${path}/`));
  const isSet = (name: string) => set.some((one) => "name" in one && one.name === name);
  const free = plans
    .filter((name) => !isSet(name))
    .map((name) => ({
      ...{ id: `${path}/${name}`, name, type: "Microsoft.Security/pricings" },
      properties: { pricingTier: "Free", deprecated: name === "ContainerRegistry" },
    }));
  return [...free, ...set];
}

function resourcesOf(from: KeptSubscription, type: string, where: (id: string) => boolean): object[] {
  return Object.entries(from.kept)
    .filter(([id, entry]) => entry.type === type && !entry.destroyed && where(id))
    .map((entry) => answerOf(entry, from));
}

/** Those of whose answer some comes from other resources. */
function answerOf([id, entry]: [string, Entry], from: KeptSubscription): object {
  const resource = resourceOf(id, entry) as { properties: Record<string, unknown> };
  if (entry.type === "azure-native:network:VirtualNetwork") {
    const subnets = resourcesOf(from, "azure-native:network:Subnet", (other) => startsWith(other, `${id}/`));
    return { ...resource, properties: { ...resource.properties, subnets, virtualNetworkPeerings: [] } };
  }
  if (entry.type === "azure-native:containerservice:ManagedCluster") {
    const pools = resourcesOf(from, "azure-native:containerservice:AgentPool", (other) => startsWith(other, `${id}/`));
    const more = pools.map((pool) => {
      const { name, properties } = pool as { name: string; properties: object };
      return { name, ...properties };
    });
    const agentPoolProfiles = [...list(entry.inputs.agentPoolProfiles).map(object), ...more];
    return { ...resource, properties: { ...resource.properties, agentPoolProfiles } };
  }
  return resource;
}

function secretsOf(path: string, vault: string, { secrets = [] }: KeptSubscription): object[] {
  return secrets
    .filter((secret) => secret.vault.toLowerCase() === vault.toLowerCase())
    .map(({ name, contentType, tags }) => ({
      ...{ id: `${path}/${name}`, name, type: "Microsoft.KeyVault/vaults/secrets" },
      ...{ tags: tags ?? {}, properties: { contentType, attributes: { enabled: true } } },
    }));
}

const startsWith = (id: string, prefix: string) => id.toLowerCase().startsWith(prefix.toLowerCase());
