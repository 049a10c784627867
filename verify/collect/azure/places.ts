/** Where ARM has things of a plane, by the names that its target tells. */
import type { AzureTarget } from "../../target.ts";

export const subscriptionOf = ({ subscription }: Pick<AzureTarget, "subscription">) => `/subscriptions/${subscription}`;

/** @param kind such as `Microsoft.Storage/storageAccounts` */
export function placeIn(target: AzureTarget, group: keyof AzureTarget["groups"], kind: string, name: string): string {
  return `${subscriptionOf(target)}/resourceGroups/${target.groups[group]}/providers/${kind}/${name}`;
}

export const storageId = (target: AzureTarget) =>
  placeIn(target, "workloads", "Microsoft.Storage/storageAccounts", target.storageAccount);
export const containerId = (target: AzureTarget, name: string) =>
  `${storageId(target)}/blobServices/default/containers/${name}`;
export const registryId = (target: AzureTarget) =>
  placeIn(target, "workloads", "Microsoft.ContainerRegistry/registries", target.registry);
export const clusterId = (target: AzureTarget) =>
  placeIn(target, "cluster", "Microsoft.ContainerService/managedClusters", target.clusterName);
export const identityId = (target: AzureTarget, name: string) =>
  placeIn(target, "workloads", "Microsoft.ManagedIdentity/userAssignedIdentities", name);
/** @returns nothing where users' secrets are not in the cloud */
export const secretsVaultId = (target: AzureTarget) =>
  target.secretsVault === undefined
    ? undefined
    : placeIn(target, "workloads", "Microsoft.KeyVault/vaults", target.secretsVault);

/** ARM's ids know no capitals, and its own services write them in more than one way. */
export const sameId = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
export const lastOf = (id: string) => id.split("/").at(-1) ?? "";
export const groupOf = (id: string) => /\/resourceGroups\/([^/]+)/i.exec(id)?.[1] ?? "";
