/**
 * The types that the sandbox knows of Azure, one row each: where its API has them. What the programs give is what the API
 * keeps, so a row has only the path's words, and what nobody but Azure can say.
 */
import { guidOf } from "../../../components/account/azure-names.ts";
import { isProperties, type Properties } from "../machine/values.ts";

export interface Row {
  /** `<namespace>/<collection>[/<collection>…]` */
  kind: string;
  /** Inputs that name it, one for each collection; what begins with "=" is the name itself. */
  names: readonly string[];
  /** Input that holds the ARM id that it belongs to. @default its resource group */
  scope?: string;
  outputs?(inputs: Properties, id: string): Properties;
  /** Beside what names it. */
  replaceOn?: readonly string[];
  /** What is deleted stays, under its name. */
  stays?: boolean;
}

const text = (value: unknown) => String(value ?? "");

/** @param subscription that the provider's instance is for */
export function pathOf({ kind, names, scope }: Row, inputs: Properties, subscription: string): string {
  const [namespace, ...collections] = kind.split("/");
  const nameAt = (name = "") => (name.startsWith("=") ? name.slice(1) : text(inputs[name]));
  const own = collections.map((collection, at) => `${collection}/${nameAt(names[at])}`).join("/");
  const group = `/subscriptions/${subscription}/resourceGroups/${text(inputs.resourceGroupName)}`;
  if (kind === groups) return group;
  const held = scope ? text(inputs[scope]).replace(/^\/?/, "/") : group;
  return `${held}/providers/${namespace}/${own}`;
}

const groups = "Microsoft.Resources/resourceGroups";

/** Public addresses come from a documentation network. */
function addressOf(id: string): string {
  const sum = [...id].reduce((total, letter) => (total * 31 + letter.charCodeAt(0)) % 200, 7);
  return `203.0.113.${sum + 1}`;
}

const keyUri = ({ vaultName, keyName }: Properties) =>
  `https://${text(vaultName)}.vault.azure.net/keys/${text(keyName)}`;

export const rows: Readonly<Record<string, Row>> = {
  "azure-native:resources:ResourceGroup": { kind: groups, names: ["resourceGroupName"] },
  "azure-native:network:VirtualNetwork": { kind: "Microsoft.Network/virtualNetworks", names: ["virtualNetworkName"] },
  "azure-native:network:Subnet": {
    kind: "Microsoft.Network/virtualNetworks/subnets",
    names: ["virtualNetworkName", "subnetName"],
  },
  "azure-native:network:NetworkSecurityGroup": {
    kind: "Microsoft.Network/networkSecurityGroups",
    names: ["networkSecurityGroupName"],
  },
  "azure-native:network:NatGateway": { kind: "Microsoft.Network/natGateways", names: ["natGatewayName"] },
  "azure-native:network:PublicIPAddress": {
    kind: "Microsoft.Network/publicIPAddresses",
    names: ["publicIpAddressName"],
    outputs: (_, id) => ({ ipAddress: addressOf(id) }),
  },
  "azure-native:network:PrivateEndpoint": {
    kind: "Microsoft.Network/privateEndpoints",
    names: ["privateEndpointName"],
    replaceOn: ["subnet"],
  },
  "azure-native:managedidentity:UserAssignedIdentity": {
    kind: "Microsoft.ManagedIdentity/userAssignedIdentities",
    names: ["resourceName"],
    outputs: (_, id) => ({ clientId: guidOf(id, "client"), principalId: guidOf(id, "principal") }),
  },
  "azure-native:managedidentity:FederatedIdentityCredential": {
    kind: "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
    names: ["resourceName", "federatedIdentityCredentialResourceName"],
  },
  "azure-native:authorization:RoleDefinition": {
    kind: "Microsoft.Authorization/roleDefinitions",
    ...{ names: ["roleDefinitionId"], scope: "scope" },
  },
  "azure-native:authorization:RoleAssignment": {
    kind: "Microsoft.Authorization/roleAssignments",
    ...{ names: ["roleAssignmentName"], scope: "scope", replaceOn: ["principalId", "roleDefinitionId", "condition"] },
  },
  "azure-native:keyvault:Vault": {
    kind: "Microsoft.KeyVault/vaults",
    ...{ names: ["vaultName"], stays: true },
  },
  "azure-native:keyvault:Key": {
    kind: "Microsoft.KeyVault/vaults/keys",
    ...{ names: ["vaultName", "keyName"], stays: true },
    outputs: (inputs) => ({ keyUri: keyUri(inputs), keyUriWithVersion: `${keyUri(inputs)}/1` }),
  },
  "azure-native:compute:DiskEncryptionSet": {
    kind: "Microsoft.Compute/diskEncryptionSets",
    names: ["diskEncryptionSetName"],
  },
  "azure-native:containerservice:ManagedCluster": {
    kind: "Microsoft.ContainerService/managedClusters",
    names: ["resourceName"],
    replaceOn: ["diskEncryptionSetID", "dnsPrefix", "nodeResourceGroup"],
    outputs: ({ resourceName, location, kubernetesVersion, oidcIssuerProfile }, id) => ({
      currentKubernetesVersion: `${text(kubernetesVersion)}.1`,
      privateFQDN: `${text(resourceName)}.privatelink.${text(location)}.azmk8s.io`,
      oidcIssuerProfile: {
        ...(isProperties(oidcIssuerProfile) ? oidcIssuerProfile : {}),
        issuerURL: `https://${text(location)}.oic.prod-aks.azure.com/${guidOf(id, "issuer")}/`,
      },
    }),
  },
  "azure-native:containerservice:AgentPool": {
    kind: "Microsoft.ContainerService/managedClusters/agentPools",
    names: ["resourceName", "agentPoolName"],
    replaceOn: ["vmSize", "vnetSubnetID"],
  },
  "azure-native:containerservice:PrivateEndpointConnection": {
    kind: "Microsoft.ContainerService/managedClusters/privateEndpointConnections",
    names: ["resourceName", "privateEndpointConnectionName"],
  },
  "azure-native:monitor:DiagnosticSetting": {
    kind: "Microsoft.Insights/diagnosticSettings",
    ...{ names: ["name"], scope: "resourceUri" },
  },
  "azure-native:monitor:DataCollectionRule": {
    kind: "Microsoft.Insights/dataCollectionRules",
    names: ["dataCollectionRuleName"],
  },
  "azure-native:monitor:DataCollectionRuleAssociation": {
    kind: "Microsoft.Insights/dataCollectionRuleAssociations",
    ...{ names: ["associationName"], scope: "resourceUri" },
  },
  "azure-native:operationalinsights:Workspace": {
    kind: "Microsoft.OperationalInsights/workspaces",
    names: ["workspaceName"],
    outputs: (_, id) => ({ customerId: guidOf(id, "workspace") }),
  },
  "azure-native:storage:StorageAccount": {
    kind: "Microsoft.Storage/storageAccounts",
    ...{ names: ["accountName"], replaceOn: ["isHnsEnabled"] },
  },
  "azure-native:storage:BlobServiceProperties": {
    kind: "Microsoft.Storage/storageAccounts/blobServices",
    names: ["accountName", "blobServicesName"],
  },
  "azure-native:storage:BlobContainer": {
    kind: "Microsoft.Storage/storageAccounts/blobServices/containers",
    names: ["accountName", "=default", "containerName"],
  },
  "azure-native:storage:ManagementPolicy": {
    kind: "Microsoft.Storage/storageAccounts/managementPolicies",
    names: ["accountName", "managementPolicyName"],
  },
  "azure-native:containerregistry:Registry": {
    kind: "Microsoft.ContainerRegistry/registries",
    ...{ names: ["registryName"], replaceOn: ["encryption"] },
  },
  "azure-native:security:Pricing": {
    kind: "Microsoft.Security/pricings",
    ...{ names: ["pricingName"], scope: "scopeId" },
  },
};
