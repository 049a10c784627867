/** What Azure's provider computes and answers, for programs built against mocks. */
type Inputs = Record<string, unknown>;

const subscription = "11111111-1111-4111-8111-111111111111";
const privateFqdn = "biplane-main.privatelink.westeurope.azmk8s.io";
const issuer = "https://westeurope.oic.prod-aks.azure.com/tenant/cluster/";

/** An ARM id, as the API gives it. */
function armIdOf(kind: string, name: unknown, group: unknown = "biplane-main-base"): string {
  return `/subscriptions/${subscription}/resourceGroups/${group}/providers/${kind}/${name}`;
}

/** The kubeconfig that AKS hands out to whoever signs in at Entra: it names the cluster's authority, and no credential. */
const kubeconfigs = [
  {
    name: "clusterUser",
    value: Buffer.from("clusters:\n- cluster:\n    certificate-authority-data: Q0E=\n").toString("base64"),
  },
];

export const azureComputed: Record<string, (inputs: Inputs, name: string) => Inputs> = {
  "azure-native:resources:ResourceGroup": ({ resourceGroupName }) => ({ name: resourceGroupName }),
  "azure-native:managedidentity:UserAssignedIdentity": ({ resourceName }) => ({
    ...{ name: resourceName, clientId: `client of ${resourceName}`, principalId: `principal of ${resourceName}` },
  }),
  "azure-native:keyvault:Vault": ({ vaultName }) => ({ name: vaultName }),
  "azure-native:keyvault:Key": ({ vaultName, keyName }) => ({
    keyUri: `https://${vaultName}.vault.azure.net/keys/${keyName}`,
    keyUriWithVersion: `https://${vaultName}.vault.azure.net/keys/${keyName}/1`,
  }),
  "azure-native:network:VirtualNetwork": ({ virtualNetworkName }) => ({ name: virtualNetworkName }),
  "azure-native:network:PublicIPAddress": ({ publicIpAddressName }) => ({
    ipAddress: `address of ${publicIpAddressName}`,
  }),
  "azure-native:storage:StorageAccount": ({ accountName }) => ({ name: accountName }),
  "azure-native:storage:BlobContainer": ({ containerName }) => ({ name: containerName }),
  "azure-native:operationalinsights:Workspace": ({ workspaceName }) => ({ customerId: `workspace ${workspaceName}` }),
  "azure-native:containerservice:ManagedCluster": ({ resourceName, kubernetesVersion, oidcIssuerProfile }) => ({
    ...{ name: resourceName, currentKubernetesVersion: `${kubernetesVersion}.1`, privateFQDN: privateFqdn },
    oidcIssuerProfile: { ...(oidcIssuerProfile as object), issuerURL: issuer },
  }),
};

export const azureAnswers: Record<string, Inputs> = {
  "azure-native:containerservice:listManagedClusterUserCredentials": { kubeconfigs },
  "azure-native:network:getSubnet": {
    serviceEndpoints: [{ service: "Microsoft.Storage" }, { service: "Microsoft.KeyVault" }],
    natGateway: { id: "nat" },
    networkSecurityGroup: { id: "walls" },
  },
  // A cluster that a base phase made.
  "azure-native:containerservice:getManagedCluster": {
    id: armIdOf("Microsoft.ContainerService/managedClusters", "biplane-main"),
    currentKubernetesVersion: "1.34.1",
    privateFQDN: privateFqdn,
    disableLocalAccounts: true,
    aadProfile: { managed: true },
    diskEncryptionSetID: "disks",
    oidcIssuerProfile: { enabled: true, issuerURL: issuer },
    apiServerAccessProfile: { enablePrivateCluster: true, disableRunCommand: true },
    networkProfile: { networkPolicy: "cilium" },
    securityProfile: { workloadIdentity: { enabled: true }, azureKeyVaultKms: { enabled: true, keyId: "key" } },
    identityProfile: { kubeletidentity: { objectId: "principal of biplane-main-node" } },
    agentPoolProfiles: [{ vnetSubnetID: "subnet", enableNodePublicIP: false }],
  },
};
