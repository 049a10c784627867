/** S3: what a bucket keeps for how long, who owns it, and who is written down. */
import type { LifecycleRule, S3 } from "@aws-sdk/client-s3";
import type { BucketLifecycleConfigurationArgs } from "@pulumi/aws/s3/bucketLifecycleConfiguration.js";
import type { BucketLoggingArgs } from "@pulumi/aws/s3/bucketLogging.js";
import type { BucketObjectLockConfigurationArgs } from "@pulumi/aws/s3/bucketObjectLockConfiguration.js";
import type { BucketOwnershipControlsArgs } from "@pulumi/aws/s3/bucketOwnershipControls.js";
import type { Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import type { Plain } from "./helpers.ts";
import { onBucket } from "./s3-on-bucket.ts";

type Lifecycle = Plain<BucketLifecycleConfigurationArgs>;

export const s3KeepingTypes = (cloud: Cloud): Types => ({
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": onBucket<Lifecycle>(cloud, {
    async put(s3, Bucket, { rules = [] }) {
      await s3.putBucketLifecycleConfiguration({ Bucket, LifecycleConfiguration: { Rules: rules.map(toRule) } });
    },
    get: async (s3, Bucket) => {
      const { Rules = [] } = await s3.getBucketLifecycleConfiguration({ Bucket });
      return { rules: Rules.map(fromRule) };
    },
    remove: (s3, Bucket) => s3.deleteBucketLifecycle({ Bucket }),
  }),

  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": onBucket<Plain<BucketOwnershipControlsArgs>>(cloud, {
    async put(s3, Bucket, { rule }) {
      const Rules = [{ ObjectOwnership: rule.objectOwnership as "BucketOwnerEnforced" }];
      await s3.putBucketOwnershipControls({ Bucket, OwnershipControls: { Rules } });
    },
    async get(s3, Bucket) {
      const { OwnershipControls } = await s3.getBucketOwnershipControls({ Bucket });
      return { rule: { objectOwnership: OwnershipControls?.Rules?.[0]?.ObjectOwnership } };
    },
    remove: (s3, Bucket) => s3.deleteBucketOwnershipControls({ Bucket }),
  }),

  "aws:s3/bucketLogging:BucketLogging": onBucket<Plain<BucketLoggingArgs>>(cloud, {
    async put(s3, Bucket, { targetBucket: TargetBucket, targetPrefix: TargetPrefix }) {
      await s3.putBucketLogging({ Bucket, BucketLoggingStatus: { LoggingEnabled: { TargetBucket, TargetPrefix } } });
    },
    async get(s3, Bucket) {
      const held = (await s3.getBucketLogging({ Bucket })).LoggingEnabled;
      return held && { targetBucket: held.TargetBucket, targetPrefix: held.TargetPrefix };
    },
    remove: (s3, Bucket) => s3.putBucketLogging({ Bucket, BucketLoggingStatus: {} }),
  }),

  "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": onBucket<
    Plain<BucketObjectLockConfigurationArgs>
  >(cloud, {
    async put(s3, Bucket, { rule }) {
      const { mode, days, years } = rule?.defaultRetention ?? {};
      const Rule = { DefaultRetention: { Mode: mode as "GOVERNANCE" | undefined, Days: days, Years: years } };
      await s3.putObjectLockConfiguration({
        Bucket,
        ObjectLockConfiguration: { ObjectLockEnabled: "Enabled", ...(rule ? { Rule } : {}) },
      });
    },
    async get(s3, Bucket) {
      const held = (await s3.getObjectLockConfiguration({ Bucket })).ObjectLockConfiguration?.Rule?.DefaultRetention;
      if (!held) return undefined;
      return { rule: { defaultRetention: { mode: held.Mode, days: held.Days, years: held.Years } } };
    },
    remove: unlock,
  }),
});

/** The lock of a bucket is for life; only its default retention can be taken back. The emulator wants it empty first. */
async function unlock(s3: S3, Bucket: string): Promise<void> {
  try {
    await s3.putObjectLockConfiguration({ Bucket, ObjectLockConfiguration: { ObjectLockEnabled: "Enabled" } });
  } catch (error) {
    if (!(error instanceof Error && error.name === "InvalidBucket")) throw error;
  }
}

function toRule(rule: NonNullable<Lifecycle["rules"]>[number]): LifecycleRule {
  return {
    ID: rule.id,
    Status: rule.status as "Enabled",
    Filter: { Prefix: rule.filter?.prefix ?? "" },
    Expiration: rule.expiration && { Days: rule.expiration.days },
    NoncurrentVersionExpiration: rule.noncurrentVersionExpiration && {
      NoncurrentDays: rule.noncurrentVersionExpiration.noncurrentDays,
    },
    AbortIncompleteMultipartUpload: rule.abortIncompleteMultipartUpload && {
      DaysAfterInitiation: rule.abortIncompleteMultipartUpload.daysAfterInitiation,
    },
  };
}

function fromRule(rule: LifecycleRule): object {
  return {
    id: rule.ID,
    status: rule.Status,
    filter: { prefix: rule.Filter?.Prefix },
    expiration: rule.Expiration && { days: rule.Expiration.Days },
    noncurrentVersionExpiration: rule.NoncurrentVersionExpiration && {
      noncurrentDays: rule.NoncurrentVersionExpiration.NoncurrentDays,
    },
    abortIncompleteMultipartUpload: rule.AbortIncompleteMultipartUpload && {
      daysAfterInitiation: rule.AbortIncompleteMultipartUpload.DaysAfterInitiation,
    },
  };
}
