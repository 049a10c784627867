/** Reads the customer's subscription; every list to its last page, every refusal a recorded fact. Nothing is written. */
import { placesOf } from "../../documented/classification.ts";
import type { Collected, Fact, Facts } from "../../facts.ts";
import type { AzureTarget } from "../../target.ts";
import { attempt } from "../attempt.ts";
import { optionsOf, type Reads, readsOf } from "./client.ts";
import { readAzureCluster } from "./cluster.ts";
import { readAzureCreations } from "./creations.ts";
import { readAzureDefender } from "./defender.ts";
import { readAzureIdentities } from "./identities.ts";
import { readAzureLogs } from "./logs.ts";
import { readAzureNetwork } from "./network.ts";
import { clusterId, registryId, secretsVaultId, storageId, subscriptionOf } from "./places.ts";
import { readAzureRegistry } from "./registry.ts";
import { readAzureRights, readAzureRoles } from "./rights.ts";
import { readAzureObjects, readAzureStorage } from "./storage.ts";
import { readAzureKeys, readAzureVaults } from "./vaults.ts";

export type AzureFactName = Extract<keyof Facts, `azure${string}`>;
type AzureFacts = Pick<Collected, AzureFactName>;

export async function collectAzure(target: AzureTarget): Promise<AzureFacts> {
  return readAzure(readsOf(optionsOf(target)), target);
}

export async function readAzure(reads: Reads, target: AzureTarget): Promise<AzureFacts> {
  const { buckets, storageAccount, registry, clusterName, subscription: id } = target;
  const containers = [...new Set([buckets.metadata, buckets.fastRegistration])];
  const subscription = subscriptionOf(target);
  const ask = {
    identities: `Microsoft.ManagedIdentity: user-assigned identities of ${id} and who becomes them`,
    creations: `Microsoft.Insights: activity log of ${id} about the minutes in which the plane's identities were made`,
    rights: `Microsoft.Authorization, Microsoft.ManagedServices: role and deny assignments of ${id} and above, delegations`,
    storage: `Microsoft.Storage: account ${storageAccount}, its containers and how it serves them`,
    objects: `blobs: what lies in ${containers.join(", ")} by prefix`,
    vaults: `Microsoft.KeyVault: vaults of ${id}, names of users' secrets`,
    registry: `Microsoft.ContainerRegistry: registry ${registry}, its tokens and copies`,
    defender: `Microsoft.Security: plans of Microsoft Defender of ${id}`,
    cluster: `Microsoft.ContainerService, Microsoft.Compute: cluster ${clusterName}, its pools, disks and connections`,
    network: `Microsoft.Network: network of cluster ${clusterName} and ways into it`,
    logs: `Microsoft.OperationalInsights, Microsoft.Insights: workspaces of ${id}, what sends cluster ${clusterName}'s logs`,
    keys: "Microsoft.KeyVault: keys that the plane is sealed with",
    roles: "Microsoft.Authorization: what each role holds that an assignment names",
  };
  const cluster = attempt(ask.cluster, () => readAzureCluster(reads, subscription, clusterId(target)));
  const vaults = attempt(ask.vaults, () => readAzureVaults(reads, subscription, secretsVaultId(target)));
  const rights = attempt(ask.rights, () => readAzureRights(reads, subscription));
  const storage = attempt(ask.storage, () => readAzureStorage(reads, storageId(target)));
  const images = attempt(ask.registry, () => readAzureRegistry(reads, registryId(target)));
  const [azureIdentities, azureCreations, azureRights, azureStorage, azureObjects, azureVaults] = await Promise.all([
    attempt(ask.identities, () => readAzureIdentities(reads, subscription)),
    attempt(ask.creations, () => readAzureCreations(reads, target)),
    rights,
    storage,
    attempt(ask.objects, () => Promise.all(containers.map((name) => readAzureObjects(reads, name, placesOf(target))))),
    vaults,
  ]);
  const [azureRegistry, azureCluster, azureDefender] = await Promise.all([
    images,
    cluster,
    attempt(ask.defender, () => readAzureDefender(reads, subscription)),
  ]);
  const [azureNetwork, azureLogs, azureKeys, azureRoles] = await Promise.all([
    attempt(ask.network, () =>
      readAzureNetwork(reads, subscription, known(azureCluster, "the cluster tells its network")),
    ),
    attempt(ask.logs, () => readAzureLogs(reads, subscription, clusterId(target))),
    attempt(ask.keys, () => {
      const keys = [
        known(azureStorage, "the account tells its key").key,
        known(azureRegistry, "the registry tells its key").key,
        known(azureCluster, "the cluster tells its keys").secretsKey,
        known(azureCluster, "the cluster tells its keys").disksKey,
      ].filter((key) => key !== undefined);
      return readAzureKeys(reads, known(azureVaults, "a vault tells its keys"), keys);
    }),
    attempt(ask.roles, () => {
      const { assignments } = known(azureRights, "assignments tell the roles");
      return readAzureRoles(
        reads,
        assignments.map(({ roleId }) => roleId),
      );
    }),
  ]);
  return {
    ...{ azureIdentities, azureRights, azureRoles, azureStorage, azureObjects, azureVaults, azureKeys, azureRegistry },
    ...{ azureCluster, azureNetwork, azureLogs, azureDefender, azureCreations },
  };
}

/** @throws where it was not read, so that what follows from it is not told either */
function known<T>(fact: Fact<T>, why: string): T {
  if (fact.read) return fact.value;
  throw new Error(`${why}: ${fact.reason}`);
}
