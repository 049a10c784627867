/** Trails and backups: whole, and kept from those whom they tell of. */
import { textOf } from "../inputs.ts";
import type { Rule } from "../rule.ts";

export const trailIsWhole: Rule = {
  name: "trail-is-whole",
  controls: ["cp-continuous-monitoring", "compliance-cis-aws-1-4"],
  says: "A trail covers all regions and global services, is encrypted, and proves that no file was changed.",
  types: ["aws:cloudtrail/trail:Trail"],
  judge: (inputs) => [
    ...(inputs.isMultiRegionTrail === true ? [] : ["isMultiRegionTrail is not on"]),
    ...(inputs.enableLogFileValidation === true ? [] : ["enableLogFileValidation is not on"]),
    ...(inputs.includeGlobalServiceEvents === false ? ["global services are left out"] : []),
    ...(textOf(inputs.kmsKeyId) ? [] : ["no key of its own (kmsKeyId)"]),
  ],
};

export const logsEncryptedAndKept: Rule = {
  name: "logs-encrypted-and-kept",
  controls: ["cp-continuous-monitoring"],
  says: "A log group is encrypted by a key of ours and says how long it keeps its lines.",
  types: ["aws:cloudwatch/logGroup:LogGroup"],
  judge: ({ kmsKeyId, retentionInDays }) => [
    ...(textOf(kmsKeyId) ? [] : ["no key of its own (kmsKeyId)"]),
    ...(typeof retentionInDays === "number" && retentionInDays > 0 ? [] : ["retentionInDays is not set"]),
  ],
};

export const vaultLocked: Rule = {
  name: "vault-locked",
  controls: ["cp-automated-backups"],
  says: "A vault's lock says for how long nobody can delete a backup.",
  types: ["aws:backup/vaultLockConfiguration:VaultLockConfiguration"],
  judge: ({ minRetentionDays }) =>
    typeof minRetentionDays === "number" && minRetentionDays >= 1 ? [] : ["minRetentionDays is not set"],
};
