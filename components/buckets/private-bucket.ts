/** A bucket that is closed in every respect before anybody learns its name; data, access logs and audit use it alike. */
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Tags } from "../ownership/tags.ts";
import { type BucketStatement, renderBucketPolicy } from "./policy.ts";

export interface PrivateBucketArgs {
  /** Physical name, from `physicalName("bucket", …)`. */
  bucket: string;
  /** Key of the same region. Without one S3's own: where a service of AWS's cannot write under a key. */
  keyArn?: pulumi.Input<string>;
  lifecycle: pulumi.Input<aws.types.input.s3.BucketLifecycleConfigurationRule>[];
  /** What a service may do to the bucket, beside the refusals that each bucket has. */
  statements?: (bucketArn: string) => pulumi.Input<BucketStatement[]>;
  cors?: aws.types.input.s3.BucketCorsConfigurationCorsRule;
  /** Where S3 writes down who asked for what. */
  accessLogs?: { bucket: pulumi.Input<string>; prefix: string };
  /** Days for which no version can be removed, in governance mode. @default no lock */
  lockDays?: number;
  /** On: Pulumi refuses to destroy it. Off: a destroy empties it first. */
  dataProtection: boolean;
  tags: Tags;
}

export interface PrivateBucket {
  arn: pulumi.Output<string>;
  /** The name, once all settings are in place. */
  ready: pulumi.Output<string>;
}

export function createPrivateBucket(name: string, args: PrivateBucketArgs, parent: pulumi.Resource): PrivateBucket {
  const created = new aws.s3.Bucket(
    name,
    {
      bucket: args.bucket,
      objectLockEnabled: args.lockDays === undefined ? undefined : true,
      forceDestroy: !args.dataProtection,
      tags: { ...args.tags, Name: args.bucket },
    },
    { parent, protect: args.dataProtection },
  );
  const { bucket, arn } = created;
  const closed = blockPublicAccess(name, bucket, parent);
  const owned = refuseAcls(name, bucket, closed, parent);
  const versioned = keepVersions(name, bucket, parent);
  const settings = [
    owned,
    versioned,
    encrypt(name, bucket, args.keyArn, parent),
    expire(name, bucket, args.lifecycle, versioned, parent),
    restrict(name, created, args.statements, owned, parent),
    ...(args.cors ? [allowOrigin(name, bucket, args.cors, parent)] : []),
    ...(args.accessLogs ? [logAccess(name, bucket, args.accessLogs, parent)] : []),
    ...(args.lockDays === undefined ? [] : [lock(name, bucket, args.lockDays, versioned, parent)]),
  ];
  const ready = pulumi.all([bucket, pulumi.all(settings.map(({ id }) => id))]).apply(([made]) => made);
  return { arn, ready };
}

type Bucket = pulumi.Input<string>;

/** All four switches: an ACL or a policy on its own can still publish an object. */
function blockPublicAccess(name: string, bucket: Bucket, parent: pulumi.Resource) {
  const on = { blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true };
  return new aws.s3.BucketPublicAccessBlock(name, { bucket, ...on }, { parent });
}

/** Whoever writes an object, it is the bucket owner's: policies decide alone. One change of access at a time. */
function refuseAcls(name: string, bucket: Bucket, closed: pulumi.Resource, parent: pulumi.Resource) {
  const rule = { objectOwnership: "BucketOwnerEnforced" };
  return new aws.s3.BucketOwnershipControls(name, { bucket, rule }, { parent, dependsOn: [closed] });
}

function encrypt(name: string, bucket: Bucket, keyArn: pulumi.Input<string> | undefined, parent: pulumi.Resource) {
  // A bucket key asks KMS once for many objects; what it seals is bound to the bucket all the same.
  const rule = keyArn
    ? {
        applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: keyArn },
        bucketKeyEnabled: true,
      }
    : { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } };
  return new aws.s3.BucketServerSideEncryptionConfiguration(name, { bucket, rules: [rule] }, { parent });
}

function keepVersions(name: string, bucket: Bucket, parent: pulumi.Resource) {
  return new aws.s3.BucketVersioning(name, { bucket, versioningConfiguration: { status: "Enabled" } }, { parent });
}

function expire(
  name: string,
  bucket: Bucket,
  rules: PrivateBucketArgs["lifecycle"],
  versioned: pulumi.Resource,
  parent: pulumi.Resource,
) {
  return new aws.s3.BucketLifecycleConfiguration(name, { bucket, rules }, { parent, dependsOn: [versioned] });
}

/** After the other settings of access: S3 refuses two at the same time. */
function restrict(
  name: string,
  { bucket, arn }: aws.s3.Bucket,
  statements: PrivateBucketArgs["statements"],
  before: pulumi.Resource,
  parent: pulumi.Resource,
) {
  const policy = arn.apply((bucketArn) =>
    pulumi
      .output(statements?.(bucketArn) ?? [])
      .apply((more) => JSON.stringify(renderBucketPolicy(bucketArn, more as BucketStatement[]))),
  );
  return new aws.s3.BucketPolicy(name, { bucket, policy }, { parent, dependsOn: [before] });
}

function allowOrigin(
  name: string,
  bucket: Bucket,
  rule: NonNullable<PrivateBucketArgs["cors"]>,
  parent: pulumi.Resource,
) {
  return new aws.s3.BucketCorsConfiguration(name, { bucket, corsRules: [rule] }, { parent });
}

function logAccess(
  name: string,
  bucket: Bucket,
  { bucket: targetBucket, prefix: targetPrefix }: NonNullable<PrivateBucketArgs["accessLogs"]>,
  parent: pulumi.Resource,
) {
  return new aws.s3.BucketLogging(name, { bucket, targetBucket, targetPrefix }, { parent });
}

/** Governance, not compliance: who holds the separate right may end it, and no mistake binds for years. */
function lock(name: string, bucket: Bucket, days: number, versioned: pulumi.Resource, parent: pulumi.Resource) {
  const rule = { defaultRetention: { mode: "GOVERNANCE", days } };
  return new aws.s3.BucketObjectLockConfiguration(name, { bucket, rule }, { parent, dependsOn: [versioned] });
}
