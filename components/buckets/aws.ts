import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { PlaneBuckets } from "../identity/contract.ts";
import type { Tags } from "../ownership/tags.ts";
import { renderTlsOnlyPolicy } from "./policy.ts";

export interface DataBucketsArgs {
  /** Both names begin with it: `<prefix>-metadata` and `<prefix>-fast-reg`. */
  prefix: string;
  /** Where the console is served from: browsers read presigned URLs from there. */
  consoleOrigin: string;
  /** On: Pulumi refuses to destroy the buckets. Off: a destroy empties them first. */
  dataProtection: boolean;
  tags: Tags;
}

/** @throws UserError if S3 would refuse a name. */
export function bucketNames(prefix: string): PlaneBuckets {
  return {
    metadata: physicalName("bucket", prefix, "metadata"),
    fastRegistration: physicalName("bucket", prefix, "fast-reg"),
  };
}

/** The compute plane's two private, versioned, encrypted buckets: run data and code bundles. */
export class DataBuckets extends pulumi.ComponentResource {
  readonly metadata: pulumi.Output<string>;
  readonly fastRegistration: pulumi.Output<string>;

  constructor(name: string, args: DataBucketsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:buckets:DataBuckets", name, {}, opts);
    const names = bucketNames(args.prefix);

    this.metadata = createBucket(`${name}-metadata`, names.metadata, args, this);
    this.fastRegistration = createBucket(`${name}-fast-reg`, names.fastRegistration, args, this);

    this.registerOutputs({ metadata: this.metadata, fastRegistration: this.fastRegistration });
  }
}

/** @returns the bucket's name once all its settings are in place, so that nobody uses it before it is closed. */
function createBucket(
  name: string,
  physical: string,
  { consoleOrigin, dataProtection, tags }: DataBucketsArgs,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const created = new aws.s3.Bucket(
    name,
    { bucket: physical, forceDestroy: !dataProtection, tags: { ...tags, Name: physical } },
    { parent, protect: dataProtection },
  );
  const bucket = created.bucket;
  const closed = blockPublicAccess(name, bucket, parent);
  const settings = [
    closed,
    encrypt(name, bucket, parent),
    keepVersions(name, bucket, parent),
    allowConsole(name, bucket, consoleOrigin, parent),
    refusePlainHttp(name, created, closed, parent),
  ];
  return pulumi.all([bucket, pulumi.all(settings.map(({ id }) => id))]).apply(([ready]) => ready);
}

/** All four switches: an ACL or a policy on its own can still publish an object. */
function blockPublicAccess(name: string, bucket: pulumi.Input<string>, parent: pulumi.Resource) {
  const on = { blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true };
  return new aws.s3.BucketPublicAccessBlock(name, { bucket, ...on }, { parent });
}

function encrypt(name: string, bucket: pulumi.Input<string>, parent: pulumi.Resource) {
  return new aws.s3.BucketServerSideEncryptionConfiguration(
    name,
    { bucket, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }] },
    { parent },
  );
}

function keepVersions(name: string, bucket: pulumi.Input<string>, parent: pulumi.Resource) {
  return new aws.s3.BucketVersioning(name, { bucket, versioningConfiguration: { status: "Enabled" } }, { parent });
}

/** As documented, for the console's own origin: browsers read by presigned URL and never write. */
function allowConsole(name: string, bucket: pulumi.Input<string>, origin: string, parent: pulumi.Resource) {
  const rule = {
    allowedHeaders: ["*"],
    allowedMethods: ["GET", "HEAD"],
    allowedOrigins: [origin],
    exposeHeaders: ["ETag"],
    maxAgeSeconds: 3600,
  };
  return new aws.s3.BucketCorsConfiguration(name, { bucket, corsRules: [rule] }, { parent });
}

/** After the public access block: S3 refuses the two at the same time. */
function refusePlainHttp(
  name: string,
  { bucket, arn }: aws.s3.Bucket,
  closed: pulumi.Resource,
  parent: pulumi.Resource,
) {
  const policy = arn.apply((bucketArn) => JSON.stringify(renderTlsOnlyPolicy(bucketArn)));
  return new aws.s3.BucketPolicy(name, { bucket, policy }, { parent, dependsOn: [closed] });
}
