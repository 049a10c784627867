import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import type { CloudKeyReference } from "../encryption/gcp.ts";
import type { Labels } from "../ownership/labels.ts";
import { googleLifecycle } from "./gcp-lifecycle.ts";
import { bucketNames } from "./names.ts";

export interface GoogleBucketsArgs {
  project: pulumi.Input<string>;
  region: string;
  /** Both names begin with it: `<prefix>-metadata` and `<prefix>-fast-reg`. */
  prefix: string;
  /** Every object's name begins with it: `<org>/<project>/<domain>/<run>/<action>/`. */
  org: string;
  /** Where the console is served from: browsers read signed URLs from there. */
  consoleOrigin: string;
  /** Seals both. */
  key: CloudKeyReference;
  /** On: Pulumi refuses to destroy the buckets. Off: a destroy empties them first. */
  dataProtection: boolean;
  labels: Labels;
}

/** Days that Cloud Storage keeps what is deleted past every version, as a last resort. */
const softDeleteSeconds = 7 * 24 * 3600;

/**
 * The compute plane's two buckets, run data and code bundles: rights by IAM alone, never public, versioned, sealed under
 * the customer's own key. What refuses plain HTTP and TLS before 1.2 is no rule of theirs but the organisation's policies
 * (`account/gcp-transport.ts`).
 * Proved by buckets-two-per-cluster, enc-at-rest-object-store, n-bucket-cors-exact, n-bucket-lifecycle-scoped,
 * cmk-customer-keys and residency-region-chosen.
 */
export class GoogleBuckets extends pulumi.ComponentResource {
  readonly metadata: pulumi.Output<string>;
  readonly fastRegistration: pulumi.Output<string>;

  constructor(name: string, args: GoogleBucketsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:buckets:GoogleBuckets", name, {}, opts);
    const names = bucketNames(args.prefix);
    this.metadata = createBucket(`${name}-metadata`, names.metadata, args, this);
    this.fastRegistration = createBucket(`${name}-fast-reg`, names.fastRegistration, args, this);
    this.registerOutputs({ metadata: this.metadata, fastRegistration: this.fastRegistration });
  }
}

function createBucket(
  name: string,
  bucket: string,
  { project, region, org, key, consoleOrigin, dataProtection, labels }: GoogleBucketsArgs,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  return new gcp.storage.Bucket(
    name,
    {
      project,
      name: bucket,
      location: region.toUpperCase(),
      storageClass: "STANDARD",
      uniformBucketLevelAccess: true,
      publicAccessPrevention: "enforced",
      encryption: { defaultKmsKeyName: key.name },
      versioning: { enabled: true },
      softDeletePolicy: { retentionDurationSeconds: softDeleteSeconds },
      lifecycleRules: googleLifecycle(org),
      // As documented, for the console's own origin: browsers read by signed URL and never write.
      cors: [{ origins: [consoleOrigin], methods: ["GET", "HEAD"], responseHeaders: ["ETag"], maxAgeSeconds: 3600 }],
      forceDestroy: !dataProtection,
      labels,
    },
    { parent, protect: dataProtection },
  ).name;
}
