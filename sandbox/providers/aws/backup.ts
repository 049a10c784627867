/** AWS Backup: vaults, their locks, plans and selections. Nothing is backed up here: a restore is rehearsed apart. */
import type { BackupRule } from "@aws-sdk/client-backup";
import type { PlanArgs } from "@pulumi/aws/backup/plan.js";
import type { SelectionArgs } from "@pulumi/aws/backup/selection.js";
import type { VaultArgs } from "@pulumi/aws/backup/vault.js";
import type { VaultLockConfigurationArgs } from "@pulumi/aws/backup/vaultLockConfiguration.js";
import { define, properties, type Types } from "../machine/resource.ts";
import { fromRule, toPlan } from "./backup-plan.ts";
import type { Cloud } from "./cloud.ts";
import { changeTags, fromTagMap, ifThere, need, type Plain, regionOf } from "./helpers.ts";

export const backupTypes = (cloud: Cloud): Types => ({
  "aws:backup/vault:Vault": define<Plain<VaultArgs>>({
    named: { property: "name", max: 50 },
    replaceOn: ["region", "name", "kmsKeyArn"],
    async create(inputs) {
      const BackupVaultName = need(inputs.name, "the vault's name");
      const EncryptionKeyArn = inputs.kmsKeyArn;
      const request = { BackupVaultName, EncryptionKeyArn, BackupVaultTags: inputs.tags };
      await (await cloud.backup(inputs.region)).createBackupVault(request);
      return BackupVaultName;
    },
    async read(id, _call, last) {
      const backup = await cloud.backup(regionOf(last));
      const held = await ifThere(backup.describeBackupVault({ BackupVaultName: id }));
      if (!held) return undefined;
      const tags = fromTagMap((await backup.listTags({ ResourceArn: held.BackupVaultArn })).Tags);
      const inputs = { name: id, kmsKeyArn: held.EncryptionKeyArn, ...tags };
      return { inputs: properties(inputs), outputs: properties({ arn: held.BackupVaultArn }) };
    },
    async update(id, inputs, _call, olds) {
      const backup = await cloud.backup(inputs.region);
      const { BackupVaultArn: ResourceArn } = await backup.describeBackupVault({ BackupVaultName: id });
      await changeTags(olds.tags, inputs.tags, {
        set: (Tags) => backup.tagResource({ ResourceArn, Tags }),
        remove: (TagKeyList) => backup.untagResource({ ResourceArn, TagKeyList }),
      });
    },
    async delete(id, _call, last) {
      await ifThere((await cloud.backup(regionOf(last))).deleteBackupVault({ BackupVaultName: id }));
    },
    find: async ({ name }) => name,
  }),

  "aws:backup/vaultLockConfiguration:VaultLockConfiguration": define<Plain<VaultLockConfigurationArgs>>({
    replaceOn: ["region", "backupVaultName"],
    async create(inputs) {
      await lock(cloud, inputs);
      return inputs.backupVaultName;
    },
    async read(id, _call, last) {
      const held = await ifThere((await cloud.backup(regionOf(last))).describeBackupVault({ BackupVaultName: id }));
      if (!held?.Locked) return undefined;
      const inputs = {
        backupVaultName: id,
        minRetentionDays: held.MinRetentionDays,
        maxRetentionDays: held.MaxRetentionDays,
      };
      return { inputs: properties(inputs), outputs: properties({ backupVaultArn: held.BackupVaultArn }) };
    },
    async update(_id, inputs) {
      await lock(cloud, inputs);
    },
    async delete(id, _call, last) {
      const backup = await cloud.backup(regionOf(last));
      await ifThere(backup.deleteBackupVaultLockConfiguration({ BackupVaultName: id }));
    },
  }),

  "aws:backup/plan:Plan": define<Plain<PlanArgs>>({
    async create(inputs) {
      const request = { BackupPlan: toPlan(inputs), BackupPlanTags: inputs.tags };
      return need((await (await cloud.backup()).createBackupPlan(request)).BackupPlanId, "the plan's id");
    },
    async read(id) {
      const backup = await cloud.backup();
      const held = await ifThere(backup.getBackupPlan({ BackupPlanId: id }));
      if (!held || held.DeletionDate) return undefined;
      const rules = (held.BackupPlan?.Rules ?? []).map((rule: BackupRule) => fromRule(rule));
      const tags = fromTagMap((await backup.listTags({ ResourceArn: held.BackupPlanArn })).Tags);
      const inputs = { name: held.BackupPlan?.BackupPlanName, rules, ...tags };
      return { inputs: properties(inputs), outputs: properties({ arn: held.BackupPlanArn, version: held.VersionId }) };
    },
    async update(id, inputs, _call, olds) {
      const backup = await cloud.backup();
      const { BackupPlanArn } = await backup.updateBackupPlan({ BackupPlanId: id, BackupPlan: toPlan(inputs) });
      await changeTags(olds.tags, inputs.tags, {
        set: (Tags) => backup.tagResource({ ResourceArn: BackupPlanArn, Tags }),
        remove: (TagKeyList) => backup.untagResource({ ResourceArn: BackupPlanArn, TagKeyList }),
      });
    },
    async delete(id) {
      await ifThere((await cloud.backup()).deleteBackupPlan({ BackupPlanId: id }));
    },
    async find({ name }) {
      const { BackupPlansList = [] } = await (await cloud.backup()).listBackupPlans({});
      return BackupPlansList.find(({ BackupPlanName }) => BackupPlanName === name)?.BackupPlanId;
    },
  }),

  "aws:backup/selection:Selection": define<Plain<SelectionArgs>>({
    async create({ name, planId: BackupPlanId, iamRoleArn: IamRoleArn, resources: Resources }) {
      const BackupSelection = { SelectionName: name, IamRoleArn, Resources };
      const made = await (await cloud.backup()).createBackupSelection({ BackupPlanId, BackupSelection });
      return need(made.SelectionId, "the selection's id");
    },
    async read(id, _call, { planId }) {
      const request = { BackupPlanId: String(planId), SelectionId: id };
      const held = (await ifThere((await cloud.backup()).getBackupSelection(request)))?.BackupSelection;
      if (!held) return undefined;
      const inputs = { name: held.SelectionName, planId, iamRoleArn: held.IamRoleArn, resources: held.Resources };
      return { inputs: properties(inputs), outputs: {} };
    },
    async delete(id, _call, { planId }) {
      const request = { BackupPlanId: String(planId), SelectionId: id };
      await ifThere((await cloud.backup()).deleteBackupSelection(request));
    },
    async find({ name, planId: BackupPlanId }) {
      const { BackupSelectionsList = [] } = await (await cloud.backup()).listBackupSelections({ BackupPlanId });
      return BackupSelectionsList.find(({ SelectionName }) => SelectionName === name)?.SelectionId;
    },
  }),
});

async function lock(cloud: Cloud, inputs: Plain<VaultLockConfigurationArgs>): Promise<void> {
  await (await cloud.backup(inputs.region)).putBackupVaultLockConfiguration({
    BackupVaultName: inputs.backupVaultName,
    MinRetentionDays: inputs.minRetentionDays,
    MaxRetentionDays: inputs.maxRetentionDays,
    ChangeableForDays: inputs.changeableForDays,
  });
}
