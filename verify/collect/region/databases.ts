import {
  type DBInstance,
  type DBSnapshot,
  paginateDescribeDBInstances,
  paginateDescribeDBSnapshots,
  RDSClient,
} from "@aws-sdk/client-rds";
import type { DatabaseFact } from "../../facts-region.ts";
import type { clientConfig } from "../aws-clients.ts";

/** Every instance of the account and region, with its snapshots of whatever kind. */
export async function readDatabases(config: ReturnType<typeof clientConfig>): Promise<DatabaseFact[]> {
  const client = new RDSClient(config);
  const instances: DBInstance[] = [];
  for await (const page of paginateDescribeDBInstances({ client }, {})) instances.push(...(page.DBInstances ?? []));
  const snapshots: DBSnapshot[] = [];
  for await (const page of paginateDescribeDBSnapshots({ client }, {})) snapshots.push(...(page.DBSnapshots ?? []));
  return instances.map((instance) => describe(instance, snapshots));
}

function describe(instance: DBInstance, snapshots: DBSnapshot[]): DatabaseFact {
  const identifier = instance.DBInstanceIdentifier ?? "";
  return {
    identifier,
    arn: instance.DBInstanceArn ?? "",
    engine: instance.Engine ?? "",
    engineVersion: instance.EngineVersion ?? "",
    address: instance.Endpoint?.Address ?? "",
    encrypted: instance.StorageEncrypted === true,
    ...(instance.KmsKeyId ? { keyArn: instance.KmsKeyId } : {}),
    public: instance.PubliclyAccessible !== false,
    multiAz: instance.MultiAZ === true,
    autoMinorVersionUpgrade: instance.AutoMinorVersionUpgrade === true,
    backupRetentionDays: instance.BackupRetentionPeriod ?? 0,
    ...(instance.LatestRestorableTime ? { restorableUntil: instance.LatestRestorableTime.toISOString() } : {}),
    subnetIds: (instance.DBSubnetGroup?.Subnets ?? []).map(({ SubnetIdentifier }) => SubnetIdentifier ?? ""),
    securityGroupIds: (instance.VpcSecurityGroups ?? []).map(({ VpcSecurityGroupId }) => VpcSecurityGroupId ?? ""),
    logExports: instance.EnabledCloudwatchLogsExports ?? [],
    monitoringInterval: instance.MonitoringInterval ?? 0,
    snapshots: snapshots
      .filter(({ DBInstanceIdentifier }) => DBInstanceIdentifier === identifier)
      .map(({ DBSnapshotIdentifier, Encrypted, KmsKeyId }) => ({
        id: DBSnapshotIdentifier ?? "",
        encrypted: Encrypted === true,
        ...(KmsKeyId ? { keyArn: KmsKeyId } : {}),
      })),
  };
}
