/**
 * What the vendor's identity may ask of Azure, by level; what it may do inside the cluster is RBAC's matter
 * (admission/management.ts) and holds beside it. Azure, unlike Google, knows a pool's change and its deletion apart.
 */
import type { ManagementLevel } from "../admission/management.ts";

const clusters = "Microsoft.ContainerService/managedClusters";

const reads = [
  `${clusters}/read`,
  `${clusters}/agentPools/read`,
  `${clusters}/agentPools/upgradeProfiles/read`,
  `${clusters}/availableAgentPoolVersions/read`,
  `${clusters}/upgradeProfiles/read`,
  "Microsoft.Resources/subscriptions/resourceGroups/read",
];

const changes = [`${clusters}/agentPools/write`, `${clusters}/agentPools/upgradeNodeImageVersion/action`];

/**
 * Management of one cluster, and no data action: nothing of objects, secrets, logs, keys, networks, rights or Kubernetes'
 * own objects, and no credential of the cluster's administrator is in any of them. The cluster itself is never written:
 * who may could turn its walls off.
 */
export const azureManagementActions: Record<ManagementLevel, readonly string[]> = {
  "read-only": reads,
  "no-delete": [...reads, ...changes],
  full: [...reads, ...changes, `${clusters}/agentPools/delete`],
};
