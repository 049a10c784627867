/** What S3 clears away by itself. No rule ever expires a current object: inputs and outputs stay until they are deleted. */
import type { types } from "@pulumi/aws";

type Rule = types.input.s3.BucketLifecycleConfigurationRule;

/** Days that a replaced or deleted object can still be had back. */
export const noncurrentDays = 30;
/** Days after which the parts of an upload that nobody finished are dropped; a resumed upload takes hours. */
export const abandonedUploadDays = 7;

/**
 * Rules of a data bucket. Each has a prefix, as the retention rules ask, and the organisation's holds all there is.
 * Source: n-bucket-lifecycle-scoped.
 */
export function dataLifecycle(org: string): Rule[] {
  const filter = { prefix: `${org}/` };
  return [
    {
      id: "noncurrent-versions",
      status: "Enabled",
      filter,
      noncurrentVersionExpiration: { noncurrentDays },
    },
    {
      id: "abandoned-uploads",
      status: "Enabled",
      filter,
      abortIncompleteMultipartUpload: { daysAfterInitiation: abandonedUploadDays },
    },
  ];
}

/** Rules of a bucket of records, one for each prefix: what is older than its retention goes, current or not. */
export function recordLifecycle(prefixes: string[], retentionDays: number): Rule[] {
  return prefixes.map((prefix, at) => ({
    id: at === 0 ? "retention" : `retention-${prefix.replace(/\/$/, "")}`,
    status: "Enabled",
    filter: { prefix },
    expiration: { days: retentionDays },
    noncurrentVersionExpiration: { noncurrentDays: 1 },
    abortIncompleteMultipartUpload: { daysAfterInitiation: abandonedUploadDays },
  }));
}
