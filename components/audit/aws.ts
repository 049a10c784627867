import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import { recordLifecycle } from "../buckets/lifecycle.ts";
import { createPrivateBucket } from "../buckets/private-bucket.ts";
import { EncryptionKey } from "../encryption/aws.ts";
import { logGroupsOf, trailOf } from "../encryption/key-statements.ts";
import type { Tags } from "../ownership/tags.ts";
import { exportDelivery } from "./export-policy.ts";
import { type AuditRetention, checkRetention, defaultRetention, exportedRecords } from "./plan.ts";
import { trailDelivery } from "./trail-policy.ts";

export interface AuditTrailArgs {
  account: pulumi.Input<string>;
  region: string;
  /** Physical name of the bucket of records; bucket names are the whole world's. */
  bucket: string;
  /** Role by which CloudTrail writes to its log group. */
  roleArn: pulumi.Input<string>;
  /** The one role that adds audit records, by ARN. @default none does: the bucket is CloudTrail's alone */
  exporterRoleArn?: pulumi.Input<string>;
  /** ARNs of buckets whose every read and write is recorded too. @default none: they are billed by the event */
  dataBuckets?: pulumi.Input<string>[];
  /** @default defaultRetention */
  retention?: AuditRetention;
  dataProtection: boolean;
  tags: Tags;
}

/** Physical name of the trail's log group. */
export function trailLogGroup(name: string): string {
  return `/biplane/audit/${name}`;
}

/**
 * Every call to the account's API, of all regions: signed files in a bucket that nobody can rewrite, and a log group
 * that alarms read. The control plane's own audit records lie in the same bucket, apart (docs/decisions/0023). Proved by n-audit-cloud-trails, n-human-audit-k8s-cloudtrail and enc-at-rest-object-store.
 */
export class AuditTrail extends pulumi.ComponentResource {
  readonly bucket: pulumi.Output<string>;
  readonly trailArn: pulumi.Output<string>;
  /** Where alarms look for events. */
  readonly logGroup: pulumi.Output<string>;

  constructor(name: string, args: AuditTrailArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:audit:AuditTrail", name, {}, opts);
    const retention = args.retention ?? defaultRetention;
    checkRetention(retention);

    const key = createKey(`${name}-key`, name, args, this);
    const records = createRecords(name, key, retention, args, this);
    const group = createLogGroup(name, key, retention, args, this);
    const trail = new aws.cloudtrail.Trail(
      name,
      {
        name,
        s3BucketName: records,
        isMultiRegionTrail: true,
        includeGlobalServiceEvents: true,
        enableLogFileValidation: true,
        enableLogging: true,
        kmsKeyId: key.arn,
        cloudWatchLogsGroupArn: pulumi.interpolate`${group.arn}:*`,
        cloudWatchLogsRoleArn: args.roleArn,
        eventSelectors: [selectEvents(args.dataBuckets ?? [])],
        tags: args.tags,
      },
      { parent: this, protect: args.dataProtection },
    );

    this.bucket = records;
    this.trailArn = trail.arn;
    this.logGroup = group.name;
    this.registerOutputs({ bucket: this.bucket, trailArn: this.trailArn });
  }
}

function createKey(keyName: string, name: string, args: AuditTrailArgs, parent: pulumi.Resource) {
  const { account, region, dataProtection, tags } = args;
  const statements = pulumi
    .output(account)
    .apply((id) => [...trailOf(id, region, name), logGroupsOf(id, region, [trailLogGroup(name)])]);
  return new EncryptionKey(
    keyName,
    {
      description: "Records of the account's API calls",
      account,
      // Whoever may read the records' bucket may unseal them through it.
      viaServices: [`s3.${region}.amazonaws.com`],
      statements,
      dataProtection,
      tags,
    },
    { parent },
  );
}

function createRecords(
  name: string,
  key: EncryptionKey,
  { lockDays, keepDays }: AuditRetention,
  { account, region, bucket, exporterRoleArn, dataProtection, tags }: AuditTrailArgs,
  parent: pulumi.Resource,
) {
  const { ready } = createPrivateBucket(
    name,
    {
      bucket: physicalName("bucket", bucket),
      keyArn: key.arn,
      lifecycle: recordLifecycle(["AWSLogs/", ...(exporterRoleArn ? [exportedRecords] : [])], keepDays),
      lockDays,
      statements: (arn) =>
        pulumi
          .all([account, exporterRoleArn])
          .apply(([id, exporter]) => [
            ...trailDelivery(arn, { account: id, region, trail: name }),
            ...(exporter ? exportDelivery(arn, exporter) : []),
          ]),
      dataProtection,
      tags,
    },
    parent,
  );
  return ready;
}

function createLogGroup(
  name: string,
  key: EncryptionKey,
  { logDays }: AuditRetention,
  { dataProtection, tags }: AuditTrailArgs,
  parent: pulumi.Resource,
) {
  return new aws.cloudwatch.LogGroup(
    name,
    { name: trailLogGroup(name), kmsKeyId: key.arn, retentionInDays: logDays, tags },
    { parent, protect: dataProtection },
  );
}

/** All management events; of objects only those in the named buckets. */
function selectEvents(buckets: pulumi.Input<string>[]): aws.types.input.cloudtrail.TrailEventSelector {
  const values = buckets.map((arn) => pulumi.interpolate`${arn}/`);
  return {
    readWriteType: "All",
    includeManagementEvents: true,
    dataResources: buckets.length > 0 ? [{ type: "AWS::S3::Object", values }] : [],
  };
}
