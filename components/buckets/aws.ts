import * as pulumi from "@pulumi/pulumi";
import { EncryptionKey, type KeyReference } from "../encryption/aws.ts";
import { rolesThroughService } from "../encryption/key-statements.ts";
import type { Tags } from "../ownership/tags.ts";
import { createAccessLogBucket } from "./access-logs.ts";
import { dataLifecycle } from "./lifecycle.ts";
import { bucketNames } from "./names.ts";
import { createPrivateBucket } from "./private-bucket.ts";

export interface DataBucketsArgs {
  /** Both names begin with it: `<prefix>-metadata` and `<prefix>-fast-reg`. */
  prefix: string;
  /** Every object's key begins with it: `<org>/<project>/<domain>/<run>/<action>/`. */
  org: string;
  /** Where the console is served from: browsers read presigned URLs from there. */
  consoleOrigin: string;
  /** Seals both; from `createDataKey` or `adoptKey`. */
  key: KeyReference;
  /** Writes down who asked for which object, in a third bucket; those records hold no data. @default no */
  accessLogs?: { account: pulumi.Input<string>; retentionDays: number };
  /** On: Pulumi refuses to destroy the buckets. Off: a destroy empties them first. */
  dataProtection: boolean;
  tags: Tags;
}

/**
 * The compute plane's two buckets, run data and code bundles: private, versioned, sealed under the customer's own key,
 * readable over TLS 1.2 or newer only. Proved by buckets-two-per-cluster, enc-at-rest-object-store,
 * n-bucket-encryption-cmd, n-bucket-cors-exact, n-bucket-lifecycle-scoped, cmk-customer-keys and residency-region-chosen.
 */
export class DataBuckets extends pulumi.ComponentResource {
  readonly metadata: pulumi.Output<string>;
  readonly fastRegistration: pulumi.Output<string>;
  /** Of both, for those who watch them. */
  readonly arns: pulumi.Output<string>[];

  constructor(name: string, args: DataBucketsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:buckets:DataBuckets", name, {}, opts);
    const { key, org, dataProtection, tags } = args;
    const names = bucketNames(args.prefix);
    const sources = Object.values(names);
    const logs =
      args.accessLogs && createAccessLogBucket(`${name}-access-logs`, { ...args.accessLogs, ...args, sources }, this);
    const settings = {
      keyArn: key.arn,
      lifecycle: dataLifecycle(org),
      cors: readByConsole(args.consoleOrigin),
      dataProtection,
      tags,
    };
    const create = (part: string, bucket: string) => {
      const accessLogs = logs && { bucket: logs, prefix: `${part}/` };
      return createPrivateBucket(`${name}-${part}`, { ...settings, bucket, accessLogs }, this);
    };

    const metadata = create("metadata", names.metadata);
    const fastRegistration = create("fast-reg", names.fastRegistration);

    this.metadata = metadata.ready;
    this.fastRegistration = fastRegistration.ready;
    this.arns = [metadata.arn, fastRegistration.arn];
    this.registerOutputs({ metadata: this.metadata, fastRegistration: this.fastRegistration });
  }
}

export interface DataKeyArgs {
  account: pulumi.Input<string>;
  region: string;
  /** ARNs of the roles that read and write objects: the two platform roles, and each project's own where there is one. */
  roles: pulumi.Input<string>[];
  dataProtection: boolean;
  tags: Tags;
}

/** The buckets' own key: only the named roles use it, and only through S3. Whoever disables it makes the data dark. */
export function createDataKey(name: string, args: DataKeyArgs, opts?: pulumi.ComponentResourceOptions): KeyReference {
  const { account, region, roles, dataProtection, tags } = args;
  const statements = pulumi
    .all([account, pulumi.all(roles)])
    .apply(([id, arns]) => [rolesThroughService({ account: id, roles: arns, service: `s3.${region}.amazonaws.com` })]);
  const description = "The compute plane's run data and code bundles";
  return new EncryptionKey(name, { description, account, statements, dataProtection, tags }, opts);
}

/** As documented, for the console's own origin: browsers read by presigned URL and never write. */
function readByConsole(origin: string) {
  return {
    allowedHeaders: ["*"],
    allowedMethods: ["GET", "HEAD"],
    allowedOrigins: [origin],
    exposeHeaders: ["ETag"],
    maxAgeSeconds: 3600,
  };
}
