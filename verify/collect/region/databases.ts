import {
  type DBInstance,
  type DBSnapshot,
  paginateDescribeDBInstances,
  paginateDescribeDBSnapshots,
  RDSClient,
} from "@aws-sdk/client-rds";
import type { DatabaseFact, RecoveryFact } from "../../facts-region.ts";
import type { clientConfig } from "../aws-clients.ts";

/** Every instance of the account and region, with its snapshots of whatever kind. */
export async function readDatabases(config: ReturnType<typeof clientConfig>): Promise<DatabaseFact[]> {
  const client = new RDSClient(config);
  const instances = await listInstances(client);
  const snapshots: DBSnapshot[] = [];
  for await (const page of paginateDescribeDBSnapshots({ client }, {})) snapshots.push(...(page.DBSnapshots ?? []));
  return instances.map((instance) => describe(instance, snapshots));
}

/** @throws while RDS does not tell: of an instance that is minutes old, it does not. */
export async function readRecovery(config: ReturnType<typeof clientConfig>): Promise<RecoveryFact[]> {
  const now = Date.now();
  return (await listInstances(new RDSClient(config))).map(({ DBInstanceIdentifier = "", LatestRestorableTime }) => {
    if (!LatestRestorableTime) throw new Error(`RDS tells no LatestRestorableTime of ${DBInstanceIdentifier}`);
    const behindMinutes = (now - LatestRestorableTime.getTime()) / 60_000;
    return { identifier: DBInstanceIdentifier, until: LatestRestorableTime.toISOString(), behindMinutes };
  });
}

async function listInstances(client: RDSClient): Promise<DBInstance[]> {
  const found: DBInstance[] = [];
  for await (const page of paginateDescribeDBInstances({ client }, {})) found.push(...(page.DBInstances ?? []));
  return found;
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
    maintenanceWindow: instance.PreferredMaintenanceWindow ?? "",
    backupRetentionDays: instance.BackupRetentionPeriod ?? 0,
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
