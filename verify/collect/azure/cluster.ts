import { z } from "zod";
import type { AzureClusterFact } from "../../facts-azure.ts";
import type { Reads } from "./client.ts";

/** The first stable one that tells of encryption between nodes. */
const version = "2026-02-01";
const on = z
  .boolean()
  .nullish()
  .transform((found) => found ?? false);
const enabled = z.object({ enabled: on }).nullish();
const clusterSchema = z.object({
  id: z.string(),
  location: z.string(),
  properties: z.object({
    nodeResourceGroup: z.string(),
    apiServerAccessProfile: z
      .object({
        enablePrivateCluster: on,
        enablePrivateClusterPublicFQDN: on,
        authorizedIPRanges: z.array(z.string()).nullish(),
      })
      .nullish(),
    disableLocalAccounts: on,
    aadProfile: z.object({ managed: on, enableAzureRBAC: on }).nullish(),
    oidcIssuerProfile: z.object({ enabled: on, issuerURL: z.string().default("") }).nullish(),
    securityProfile: z
      .object({
        workloadIdentity: enabled,
        azureKeyVaultKms: z.object({ enabled: on, keyId: z.string().nullish() }).nullish(),
      })
      .nullish(),
    diskEncryptionSetID: z.string().nullish(),
    autoUpgradeProfile: z
      .object({ upgradeChannel: z.string().nullish(), nodeOSUpgradeChannel: z.string().nullish() })
      .nullish(),
    networkProfile: z
      .object({
        networkDataplane: z.string().nullish(),
        networkPolicy: z.string().nullish(),
        outboundType: z.string().nullish(),
        advancedNetworking: z
          .object({
            enabled: on,
            security: z
              .object({
                enabled: z.boolean().nullish(),
                transitEncryption: z.object({ type: z.string().nullish() }).nullish(),
              })
              .nullish(),
          })
          .nullish(),
      })
      .nullish(),
  }),
});
const poolSchema = z.object({
  name: z.string(),
  properties: z.object({
    vnetSubnetID: z.string().nullish(),
    enableNodePublicIP: on,
    enableEncryptionAtHost: on,
  }),
});
const connectionSchema = z.object({
  name: z.string(),
  properties: z.object({
    privateEndpoint: z.object({ id: z.string().nullish() }).nullish(),
    privateLinkServiceConnectionState: z.object({ status: z.string().default("not told") }).nullish(),
  }),
});
const diskSetSchema = z.object({ properties: z.object({ activeKey: z.object({ keyUrl: z.string() }).nullish() }) });
const namedSchema = z.object({ name: z.string() });

/** @param subscription its id, in which the nodes are */
export async function readAzureCluster(reads: Reads, subscription: string, path: string): Promise<AzureClusterFact> {
  const [{ id, location, properties: own }, pools, connections] = await Promise.all([
    reads.one(path, version, clusterSchema),
    reads.all(`${path}/agentPools`, version, poolSchema),
    // All at once: the API gives no further page.
    reads.all(`${path}/privateEndpointConnections`, version, connectionSchema),
  ]);
  const nodes = `${subscription}/resourceGroups/${own.nodeResourceGroup}`;
  const [disks, scaleSets] = await Promise.all([
    own.diskEncryptionSetID ? reads.one(own.diskEncryptionSetID, "2023-10-02", diskSetSchema) : undefined,
    reads.all(`${nodes}/providers/Microsoft.Compute/virtualMachineScaleSets`, "2024-07-01", namedSchema),
  ]);
  const { azureKeyVaultKms: kms, workloadIdentity } = own.securityProfile ?? {};
  const disksKey = disks?.properties.activeKey?.keyUrl;
  return {
    ...{ id, location, nodeGroup: own.nodeResourceGroup },
    privateApi: own.apiServerAccessProfile?.enablePrivateCluster ?? false,
    publicName: own.apiServerAccessProfile?.enablePrivateClusterPublicFQDN ?? false,
    authorizedRanges: own.apiServerAccessProfile?.authorizedIPRanges ?? [],
    localAccounts: !own.disableLocalAccounts,
    entra: own.aadProfile?.managed ?? false,
    azureRbac: own.aadProfile?.enableAzureRBAC ?? false,
    workloadIdentity: (workloadIdentity?.enabled ?? false) && (own.oidcIssuerProfile?.enabled ?? false),
    issuer: own.oidcIssuerProfile?.issuerURL ?? "",
    ...(kms?.enabled && kms.keyId ? { secretsKey: kms.keyId } : {}),
    ...(disksKey ? { disksKey } : {}),
    dataplane: own.networkProfile?.networkDataplane ?? "azure",
    networkPolicy: own.networkProfile?.networkPolicy ?? "none",
    nodeEncryption: nodeEncryptionOf(own.networkProfile?.advancedNetworking),
    outbound: own.networkProfile?.outboundType ?? "loadBalancer",
    upgrades: {
      cluster: own.autoUpgradeProfile?.upgradeChannel ?? "none",
      nodes: own.autoUpgradeProfile?.nodeOSUpgradeChannel ?? "None",
    },
    pools: pools.map(({ name, properties: pool }) => ({
      ...{ name, subnet: pool.vnetSubnetID ?? "" },
      ...{ publicAddresses: pool.enableNodePublicIP, encryptedAtHost: pool.enableEncryptionAtHost },
    })),
    connections: connections.map(({ name, properties }) => ({
      name,
      state: properties.privateLinkServiceConnectionState?.status ?? "not told",
      endpoint: properties.privateEndpoint?.id ?? "",
    })),
    scaleSets: scaleSets.map(({ name }) => name),
  };
}

type Advanced = NonNullable<z.infer<typeof clusterSchema>["properties"]["networkProfile"]>["advancedNetworking"];

/** What is chosen holds only where the services that do it are on; those for security are, unless somebody says not. */
function nodeEncryptionOf(advanced: Advanced): string {
  if (!advanced?.enabled || advanced.security?.enabled === false) return "None";
  return advanced.security?.transitEncryption?.type ?? "None";
}
