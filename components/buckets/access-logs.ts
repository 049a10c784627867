import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { Tags } from "../ownership/tags.ts";
import { recordLifecycle } from "./lifecycle.ts";
import type { BucketStatement } from "./policy.ts";
import { createPrivateBucket } from "./private-bucket.ts";

export interface AccessLogArgs {
  /** Its name is `<prefix>-access-logs`. */
  prefix: string;
  /** Names of the buckets that are watched. */
  sources: string[];
  account: pulumi.Input<string>;
  retentionDays: number;
  dataProtection: boolean;
  tags: Tags;
}

/**
 * Where S3 writes who asked for which object. Sealed by S3's own key, since its log delivery cannot use a key of ours.
 * @returns the bucket's name once it takes records from both data buckets and from nobody else
 */
export function createAccessLogBucket(name: string, args: AccessLogArgs, parent: pulumi.Resource) {
  const { prefix, sources, account, retentionDays, dataProtection, tags } = args;
  const { ready } = createPrivateBucket(
    name,
    {
      bucket: physicalName("bucket", prefix, "access-logs"),
      lifecycle: recordLifecycle([""], retentionDays),
      statements: (arn) => pulumi.output(account).apply((id) => [deliveryOf(arn, id, sources)]),
      dataProtection,
      tags,
    },
    parent,
  );
  return ready;
}

function deliveryOf(bucketArn: string, account: string, sources: string[]): BucketStatement {
  return {
    Sid: "AccessLogDelivery",
    Effect: "Allow",
    Principal: { Service: "logging.s3.amazonaws.com" },
    Action: "s3:PutObject",
    Resource: `${bucketArn}/*`,
    Condition: {
      StringEquals: { "aws:SourceAccount": account },
      ArnLike: { "aws:SourceArn": sources.map((source) => `arn:aws:s3:::${source}`) },
    },
  };
}
