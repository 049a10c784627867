/** Section 2 of the benchmark: what rests. */
import { refusesPlainHttp } from "../reason/tls-only.ts";
import { change, each, type Judged, judged } from "./judged.ts";
import type { Decided } from "./table.ts";

export const storage = {
  "2.1.1": {
    judge: ({ regionBuckets }) =>
      regionBuckets.map(({ name, encrypted }) =>
        judged(encrypted, `bucket ${name}`, encrypted ? "encrypted by default" : "no default encryption"),
      ),
    broken: "the last bucket has no encryption",
    breakIt: ({ regionBuckets }) => change(regionBuckets.at(-1), { encrypted: false }),
  },
  "2.1.2": {
    judge: ({ regionBuckets }) =>
      regionBuckets.map(({ name, policy }) =>
        refusesPlainHttp(name, policy)
          ? judged(true, `bucket ${name}`, "denied without TLS")
          : judged(false, `bucket ${name}`, "no Deny in its policy of requests without TLS"),
      ),
    broken: "the last bucket's policy denies nothing",
    breakIt: ({ regionBuckets }) => {
      const last = regionBuckets.at(-1);
      if (!last) return false;
      delete last.policy;
      return undefined;
    },
  },
  "2.1.3": {
    judge: ({ regionBuckets }) =>
      regionBuckets.map(({ name, mfaDelete }) =>
        judged(mfaDelete, `bucket ${name}`, mfaDelete ? "by a second factor" : "MFA delete is off"),
      ),
    broken: "the last bucket's versions go without a second factor",
    breakIt: ({ regionBuckets }) => change(regionBuckets.at(-1), { mfaDelete: false }),
  },
  "2.1.5": {
    judge: ({ regionBuckets, regionPublicAccess }) =>
      regionPublicAccess.blocked
        ? [judged(true, "account", "all four switches, for every bucket")]
        : regionBuckets.map(({ name, blocked }) =>
            judged(blocked, `bucket ${name}`, blocked ? "all four switches" : "neither it nor the account blocks all"),
          ),
    broken: "the account and its last bucket block nothing",
    breakIt: ({ regionBuckets, regionPublicAccess }) => {
      regionPublicAccess.blocked = false;
      return change(regionBuckets.at(-1), { blocked: false });
    },
  },
  "2.2.1": {
    judge: ({ regionDiskDefaults }) =>
      regionDiskDefaults.map(({ region, encrypted }) =>
        judged(encrypted, region, encrypted ? "new disks are encrypted" : "new disks are not encrypted by default"),
      ),
    broken: "new disks of the last region are in clear",
    breakIt: ({ regionDiskDefaults }) => change(regionDiskDefaults.at(-1), { encrypted: false }),
  },
  "2.3.1": {
    judge: ({ regionSealing }) =>
      each(
        regionSealing.flatMap(({ databases }) => databases),
        ({ arn, encrypted }) => judged(encrypted, arn, encrypted ? "encrypted" : "in clear"),
        "there is no database",
      ),
    broken: "a database of the last region is in clear",
    breakIt: ({ regionSealing }) => {
      const last = regionSealing.at(-1);
      if (!last) return false;
      last.databases.push({ arn: "arn:aws:rds:eu-west-1:111111111111:db:clear", encrypted: false });
      return undefined;
    },
  },
} as const satisfies Partial<Record<Decided, Judged>>;
