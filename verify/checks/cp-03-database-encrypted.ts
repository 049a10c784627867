import { defineRegionCheck } from "../check.ts";
import type { DatabaseFact, KeyFact } from "../facts-region.ts";
import { type Finding, fail, pass } from "../outcome.ts";

/** KMS's one symmetric kind, SYMMETRIC_DEFAULT, is AES-256 in GCM mode. */
const aes256 = "SYMMETRIC_DEFAULT";

export const databaseEncrypted = defineRegionCheck({
  id: "CP-03",
  title: "The database and its snapshots are encrypted with AES-256, under a key that works and rotates",
  severity: "high",
  claims: ["cp-rds-encrypted-aes256"],
  documented: [],
  fix: "Encryption is set when an instance is made: restore its snapshot into an encrypted one.",
  needs: ["regionDatabases", "regionKeys"],
  evaluate: ({ regionDatabases, regionKeys }) =>
    regionDatabases.flatMap((database) => [
      judgeKey(database.arn, database, regionKeys),
      ...database.snapshots.map((snapshot) => judgeKey(`snapshot ${snapshot.id}`, snapshot, regionKeys)),
    ]),
  sabotages: [
    {
      name: "the last database is not encrypted",
      apply({ regionDatabases }) {
        const last = regionDatabases.at(-1);
        if (last) last.encrypted = false;
      },
    },
    {
      name: "somebody took a snapshot that is not",
      apply({ regionDatabases }) {
        regionDatabases.at(0)?.snapshots.push({ id: "by-hand", encrypted: false });
      },
    },
    {
      name: "its key is an asymmetric one",
      apply: ({ regionDatabases, regionKeys }) => change(regionDatabases, regionKeys, { spec: "RSA_2048" }),
    },
    {
      name: "its key is to be deleted",
      apply: ({ regionDatabases, regionKeys }) => change(regionDatabases, regionKeys, { state: "PendingDeletion" }),
    },
    {
      name: "its key never rotates",
      apply: ({ regionDatabases, regionKeys }) => change(regionDatabases, regionKeys, { rotates: false }),
    },
    {
      name: "its key is one that the account does not have",
      apply({ regionDatabases }) {
        const last = regionDatabases.at(-1);
        if (last) last.keyArn = "arn:aws:kms:us-east-2:999999999999:key/strange";
      },
    },
  ],
});

function change(databases: DatabaseFact[], keys: KeyFact[], more: Partial<KeyFact>): undefined | false {
  const key = keys.find(({ arn }) => arn === databases.at(-1)?.keyArn);
  if (!key) return false;
  Object.assign(key, more);
  return undefined;
}

function judgeKey(subject: string, held: { encrypted: boolean; keyArn?: string }, keys: KeyFact[]): Finding {
  if (!held.encrypted) return fail(subject, "not encrypted");
  const key = keys.find(({ arn }) => arn === held.keyArn);
  if (!key) return fail(subject, `under ${held.keyArn ?? "no key"}, which is none of the account's`);
  if (key.spec !== aes256) return fail(subject, `under a key of the kind ${key.spec}, not ${aes256}`);
  if (key.state !== "Enabled") return fail(subject, `under a key that is ${key.state}`);
  if (!key.rotates) return fail(subject, `under ${key.arn}, which never rotates`);
  return pass(subject, `AES-256 under ${key.arn}, which rotates`);
}
