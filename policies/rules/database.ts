/** The control plane's database. */
import { objectsOf } from "../inputs.ts";
import type { Inputs, Rule } from "../rule.ts";

const instance = "aws:rds/instance:Instance";
const days = 35;

export const databaseEncrypted: Rule = {
  name: "database-encrypted",
  controls: ["cp-rds-encrypted-aes256"],
  says: "A database rests encrypted by a key of ours.",
  types: [instance],
  judge: ({ storageEncrypted, kmsKeyId }) => [
    ...(storageEncrypted === true ? [] : ["storageEncrypted is not on"]),
    ...(kmsKeyId ? [] : ["no key of its own (kmsKeyId)"]),
  ],
};

export const databaseInside: Rule = {
  name: "database-inside",
  controls: ["cp-vpc-isolated"],
  says: "A database has no public address.",
  types: [instance],
  judge: ({ publiclyAccessible }) => (publiclyAccessible === true ? ["publiclyAccessible is on"] : []),
};

export const databasePasswordUnseen: Rule = {
  name: "database-password-unseen",
  controls: ["iam-no-static-credentials"],
  says: "The master password is made and rotated by RDS; no program knows it.",
  types: [instance],
  judge: ({ manageMasterUserPassword, password }) => [
    ...(manageMasterUserPassword === true ? [] : ["manageMasterUserPassword is not on"]),
    ...(password === undefined ? [] : ["the program gives the password"]),
  ],
};

export const databaseOutlivesFailures: Rule = {
  name: "database-outlives-failures",
  controls: ["cp-multi-az", "cp-automated-backups", "cp-automated-patching"],
  says: `A protected database stands in two zones, keeps ${days} days of backups, and cannot be deleted in the cloud either.`,
  types: [instance],
  judge: (inputs, { protect }) => (protect ? weaknesses(inputs) : []),
};

function weaknesses(inputs: Inputs): string[] {
  const kept = typeof inputs.backupRetentionPeriod === "number" ? inputs.backupRetentionPeriod : 0;
  return [
    ...(inputs.multiAz === true ? [] : ["multiAz is not on"]),
    ...(kept >= days ? [] : [`backups are kept ${kept} days`]),
    ...(inputs.deletionProtection === true ? [] : ["deletionProtection is not on"]),
    ...(inputs.autoMinorVersionUpgrade === false ? ["minor versions are not patched"] : []),
    ...(inputs.skipFinalSnapshot === true ? ["its last snapshot is skipped"] : []),
  ];
}

export const databaseForcesTls: Rule = {
  name: "database-forces-tls",
  controls: ["cp-rds-managed-postgres"],
  says: "The server refuses connections without TLS.",
  types: ["aws:rds/parameterGroup:ParameterGroup"],
  judge: ({ parameters }) =>
    objectsOf(parameters).some(({ name, value }) => name === "rds.force_ssl" && String(value) === "1")
      ? []
      : ["rds.force_ssl is not 1"],
};
