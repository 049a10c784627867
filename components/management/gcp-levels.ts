/**
 * What the vendor's account may ask of Google Cloud, by level; what it may do inside the cluster is RBAC's matter
 * (admission/management.ts) and holds beside it. Google knows one permission for every change of a cluster, deleting a
 * pool of nodes included, so `no-delete` gives no change at all: stricter than on AWS, where the two come apart.
 */
import type { ManagementLevel } from "../admission/management.ts";

const reads = [
  "compute.instanceGroupManagers.get",
  "compute.instanceGroupManagers.list",
  "compute.instances.get",
  "compute.instances.list",
  "container.clusters.get",
  "container.clusters.list",
  "container.operations.get",
  "container.operations.list",
  "resourcemanager.projects.get",
];

/** Nothing about objects, secrets, logs, keys, networks, IAM or Kubernetes' own objects is in any of them. */
export const managementPermissions: Record<ManagementLevel, readonly string[]> = {
  "read-only": reads,
  "no-delete": reads,
  full: [...reads, "container.clusters.update"],
};
