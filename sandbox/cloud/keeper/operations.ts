/** Everything that is kept, by service. To keep more: write a file of operations and add its line here and in README.md. */
import { backupPlans } from "./backup-plans.ts";
import { backupSelections } from "./backup-selections.ts";
import { endpointConnections } from "./ec2-endpoint-connections.ts";
import { regions } from "./ec2-regions.ts";
import { accessEntries } from "./eks/access-entries.ts";
import { accessPolicies } from "./eks/access-policies.ts";
import { addons } from "./eks/addons.ts";
import { clusters } from "./eks/clusters.ts";
import { nodeGroups } from "./eks/node-groups.ts";
import { podIdentity } from "./eks/pod-identity.ts";
import { tags } from "./eks/tags.ts";
import type { Operation } from "./operation.ts";
import { automatedBackupReplication } from "./rds-backup-replication.ts";
import { instances } from "./rds-instances.ts";

export const operations: readonly Operation[] = [
  ...clusters,
  ...nodeGroups,
  ...accessEntries,
  ...accessPolicies,
  ...addons,
  ...podIdentity,
  ...tags,
  ...backupPlans,
  ...backupSelections,
  ...automatedBackupReplication,
  ...instances,
  ...endpointConnections,
  ...regions,
];
