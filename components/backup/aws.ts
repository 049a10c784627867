import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { EncryptionKey } from "../encryption/aws.ts";
import type { Tags } from "../ownership/tags.ts";
import { type BackupSchedule, checkBackup, defaultSchedule, lockedDays, planDailySnapshot } from "./plan.ts";

export interface BackupsArgs {
  account: pulumi.Input<string>;
  region: string;
  /** Where each snapshot is copied to, under a key of its own. */
  copyRegion: string;
  /** ARNs of what is backed up. They are named one by one: a tag would let anybody's object in. */
  resources: pulumi.Input<string>[];
  /** Role that AWS Backup takes and copies snapshots with. */
  roleArn: pulumi.Input<string>;
  /** @default defaultSchedule */
  schedule?: BackupSchedule;
  /** Off: a destroy removes the recovery points too. */
  dataProtection: boolean;
  tags: Tags;
}

/**
 * A daily snapshot in a locked vault, and its copy in a second region. Point-in-time recovery is not done here: RDS has
 * it. Proved by cp-automated-backups; the way back is docs/runbooks/restore-database.md.
 */
export class Backups extends pulumi.ComponentResource {
  readonly vaultArn: pulumi.Output<string>;
  readonly copyVaultArn: pulumi.Output<string>;

  constructor(name: string, args: BackupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:backup:Backups", name, {}, opts);
    const { region, copyRegion, tags } = args;
    const schedule = args.schedule ?? defaultSchedule;
    checkBackup({ region, copyRegion }, schedule);

    const vault = createVault(name, region, args, this);
    const copies = createVault(`${name}-copy`, copyRegion, args, this);
    const plan = new aws.backup.Plan(
      name,
      {
        name,
        rules: [
          {
            ...planDailySnapshot(schedule),
            targetVaultName: vault.name,
            copyActions: [{ destinationVaultArn: copies.arn, lifecycle: { deleteAfter: schedule.copyRetentionDays } }],
            recoveryPointTags: tags,
          },
        ],
        tags,
      },
      { parent: this },
    );
    new aws.backup.Selection(
      name,
      { name, planId: plan.id, iamRoleArn: args.roleArn, resources: args.resources },
      { parent: this },
    );

    this.vaultArn = vault.arn;
    this.copyVaultArn = copies.arn;
    this.registerOutputs({ vaultArn: this.vaultArn, copyVaultArn: this.copyVaultArn });
  }
}

function createVault(name: string, region: string, args: BackupsArgs, parent: pulumi.Resource): aws.backup.Vault {
  const { account, dataProtection, tags } = args;
  const key = new EncryptionKey(
    `${name}-key`,
    {
      description: `Backups in ${region}`,
      account,
      region,
      viaServices: [`backup.${region}.amazonaws.com`, `rds.${region}.amazonaws.com`],
      dataProtection,
      tags,
    },
    { parent },
  );
  const vault = new aws.backup.Vault(
    name,
    { name, region, kmsKeyArn: key.arn, forceDestroy: !dataProtection, tags },
    { parent, protect: dataProtection },
  );
  // Without `changeableForDays` this is governance: a separate right can lift it. With it nobody could, ever.
  new aws.backup.VaultLockConfiguration(
    name,
    { backupVaultName: vault.name, region, minRetentionDays: lockedDays },
    { parent },
  );
  return vault;
}
