/** RDS: a database's automated backups copied to another region; the emulator lacks it. Nothing is copied here. */
import { form, type KeptCall, KeptRefusal, type Operation, text } from "./operation.ts";
import type { Fields } from "./store.ts";

const kind = "rds/backup-replication";

export const automatedBackupReplication: readonly Operation[] = [
  form("rds", "StartDBInstanceAutomatedBackupsReplication", async (call) => {
    const source = text(call.input.SourceDBInstanceArn, "SourceDBInstanceArn");
    if (call.records(kind).get(source)) {
      const message = `Automated backups of ${source} are replicated already.`;
      throw new KeptRefusal(400, "DBInstanceAutomatedBackupAlreadyExists", message);
    }
    const [, , , region = "", , , identifier = ""] = source.split(":");
    const copy = {
      DBInstanceArn: source,
      DBInstanceIdentifier: identifier,
      DBInstanceAutomatedBackupsArn: `arn:aws:rds:${call.region}:${call.account}:auto-backup:ab-${identifier}`,
      Region: region,
      Status: "replicating",
      BackupRetentionPeriod: call.input.BackupRetentionPeriod ?? "7",
      KmsKeyId: call.input.KmsKeyId,
      Encrypted: String(call.input.KmsKeyId !== undefined),
    };
    call.records(kind).set([source], copy);
    return { DBInstanceAutomatedBackup: copy };
  }),

  form("rds", "StopDBInstanceAutomatedBackupsReplication", async (call) => {
    const source = text(call.input.SourceDBInstanceArn, "SourceDBInstanceArn");
    const copy = requireCopy(call, source);
    call.records(kind).remove(source);
    return { DBInstanceAutomatedBackup: { ...copy, Status: "deleting" } };
  }),

  // The emulator has the instances' own backups; a copy is asked for by its ARN.
  form("rds", "DescribeDBInstanceAutomatedBackups", async (call) => {
    const arn = call.input.DBInstanceAutomatedBackupsArn;
    if (arn === undefined) return { passed: await call.pass() };
    const held = call.records(kind).under();
    const copy = held.find((one) => one.DBInstanceAutomatedBackupsArn === arn);
    if (!copy) throw absent(String(arn));
    return { DBInstanceAutomatedBackups: { DBInstanceAutomatedBackup: [copy] } };
  }),
];

function requireCopy(call: KeptCall, source: string): Fields {
  const copy = call.records(kind).get(source);
  if (!copy) throw absent(source);
  return copy;
}

function absent(what: string): KeptRefusal {
  return new KeptRefusal(404, "DBInstanceAutomatedBackupNotFound", `DBInstanceAutomatedBackup ${what} not found.`);
}
