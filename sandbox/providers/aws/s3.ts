/** S3: a bucket, who may reach it, and how its objects rest. */
import type { CORSRule, S3 } from "@aws-sdk/client-s3";
import type { BucketArgs } from "@pulumi/aws/s3/bucket.js";
import type { BucketCorsConfigurationArgs } from "@pulumi/aws/s3/bucketCorsConfiguration.js";
import type { BucketPolicyArgs } from "@pulumi/aws/s3/bucketPolicy.js";
import type { BucketPublicAccessBlockArgs } from "@pulumi/aws/s3/bucketPublicAccessBlock.js";
import type { BucketServerSideEncryptionConfigurationArgs } from "@pulumi/aws/s3/bucketServerSideEncryptionConfiguration.js";
import type { BucketVersioningArgs } from "@pulumi/aws/s3/bucketVersioning.js";
import { define, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { finish, fromTags, ifThere, need, type Plain, type Tags, toTags } from "./helpers.ts";
import { s3KeepingTypes } from "./s3-keeping.ts";
import { onBucket } from "./s3-on-bucket.ts";

export const s3Types = (cloud: Cloud): Types => ({
  "aws:s3/bucket:Bucket": define<Plain<BucketArgs>>({
    named: { property: "bucket", max: 63 },
    replaceOn: ["bucket", "objectLockEnabled"],
    async create(inputs) {
      const s3 = await cloud.s3();
      const Bucket = need(inputs.bucket, "the bucket's name");
      const LocationConstraint = cloud.region as "us-east-2";
      await s3.createBucket({
        Bucket,
        CreateBucketConfiguration: { LocationConstraint },
        ObjectLockEnabledForBucket: inputs.objectLockEnabled,
      });
      return finish(Bucket, () => setTags(s3, Bucket, inputs.tags));
    },
    async read(id) {
      const s3 = await cloud.s3();
      if (!(await ifThere(s3.headBucket({ Bucket: id })))) return undefined;
      const tags = fromTags((await ifThere(s3.getBucketTagging({ Bucket: id })))?.TagSet);
      const domain = `${id}.s3.${cloud.region}.amazonaws.com`;
      const outputs = { arn: `arn:aws:s3:::${id}`, region: cloud.region, bucketRegionalDomainName: domain };
      return { inputs: { bucket: id, ...tags }, outputs };
    },
    async update(id, inputs) {
      await setTags(await cloud.s3(), id, inputs.tags);
    },
    async delete(id, _call, { forceDestroy, objectLockEnabled }) {
      const s3 = await cloud.s3();
      if (forceDestroy === true) await ifThere(empty(s3, id, objectLockEnabled === true));
      await ifThere(s3.deleteBucket({ Bucket: id }));
    },
    find: async ({ bucket }) => bucket,
  }),

  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": onBucket<Plain<BucketPublicAccessBlockArgs>>(cloud, {
    async put(s3, Bucket, inputs) {
      const PublicAccessBlockConfiguration = {
        BlockPublicAcls: inputs.blockPublicAcls,
        BlockPublicPolicy: inputs.blockPublicPolicy,
        IgnorePublicAcls: inputs.ignorePublicAcls,
        RestrictPublicBuckets: inputs.restrictPublicBuckets,
      };
      await s3.putPublicAccessBlock({ Bucket, PublicAccessBlockConfiguration });
    },
    async get(s3, Bucket) {
      const held = (await s3.getPublicAccessBlock({ Bucket })).PublicAccessBlockConfiguration;
      return {
        blockPublicAcls: held?.BlockPublicAcls,
        blockPublicPolicy: held?.BlockPublicPolicy,
        ignorePublicAcls: held?.IgnorePublicAcls,
        restrictPublicBuckets: held?.RestrictPublicBuckets,
      };
    },
    remove: (s3, Bucket) => s3.deletePublicAccessBlock({ Bucket }),
  }),

  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": onBucket<
    Plain<BucketServerSideEncryptionConfigurationArgs>
  >(cloud, {
    async put(s3, Bucket, { rules }) {
      const Rules = rules.map((rule) => ({
        BucketKeyEnabled: rule.bucketKeyEnabled,
        ApplyServerSideEncryptionByDefault: rule.applyServerSideEncryptionByDefault && {
          SSEAlgorithm: rule.applyServerSideEncryptionByDefault.sseAlgorithm as "AES256",
          KMSMasterKeyID: rule.applyServerSideEncryptionByDefault.kmsMasterKeyId,
        },
      }));
      await s3.putBucketEncryption({ Bucket, ServerSideEncryptionConfiguration: { Rules } });
    },
    async get(s3, Bucket) {
      const held = (await s3.getBucketEncryption({ Bucket })).ServerSideEncryptionConfiguration;
      const rules = (held?.Rules ?? []).map((rule) => ({
        bucketKeyEnabled: rule.BucketKeyEnabled || undefined,
        applyServerSideEncryptionByDefault: {
          sseAlgorithm: rule.ApplyServerSideEncryptionByDefault?.SSEAlgorithm,
          kmsMasterKeyId: rule.ApplyServerSideEncryptionByDefault?.KMSMasterKeyID,
        },
      }));
      return { rules };
    },
    remove: (s3, Bucket) => s3.deleteBucketEncryption({ Bucket }),
  }),

  "aws:s3/bucketVersioning:BucketVersioning": onBucket<Plain<BucketVersioningArgs>>(cloud, {
    async put(s3, Bucket, { versioningConfiguration }) {
      const Status = versioningConfiguration.status as "Enabled" | "Suspended";
      await s3.putBucketVersioning({ Bucket, VersioningConfiguration: { Status } });
    },
    async get(s3, Bucket) {
      const { Status } = await s3.getBucketVersioning({ Bucket });
      return Status ? { versioningConfiguration: { status: Status } } : undefined;
    },
    // Versioning cannot be taken back, only suspended; and not where objects are locked, as the official provider knows.
    async remove(s3, Bucket) {
      try {
        await s3.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: "Suspended" } });
      } catch (error) {
        if (!(error instanceof Error && error.name === "InvalidBucketState")) throw error;
      }
    },
  }),

  "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": onBucket<Plain<BucketCorsConfigurationArgs>>(cloud, {
    async put(s3, Bucket, { corsRules }) {
      const CORSRules = corsRules.map((rule) => ({
        ID: rule.id,
        AllowedHeaders: rule.allowedHeaders,
        AllowedMethods: rule.allowedMethods,
        AllowedOrigins: rule.allowedOrigins,
        ExposeHeaders: rule.exposeHeaders,
        MaxAgeSeconds: rule.maxAgeSeconds,
      }));
      await s3.putBucketCors({ Bucket, CORSConfiguration: { CORSRules } });
    },
    async get(s3, Bucket) {
      return { corsRules: ((await s3.getBucketCors({ Bucket })).CORSRules ?? []).map(corsRule) };
    },
    remove: (s3, Bucket) => s3.deleteBucketCors({ Bucket }),
  }),

  "aws:s3/bucketPolicy:BucketPolicy": onBucket<Plain<BucketPolicyArgs>>(cloud, {
    documents: ["policy"],
    async put(s3, Bucket, { policy }) {
      await s3.putBucketPolicy({ Bucket, Policy: String(policy) });
    },
    get: async (s3, Bucket) => ({ policy: (await s3.getBucketPolicy({ Bucket })).Policy }),
    remove: (s3, Bucket) => s3.deleteBucketPolicy({ Bucket }),
  }),

  ...s3KeepingTypes(cloud),
});

function corsRule(rule: CORSRule): object {
  return {
    id: rule.ID,
    allowedHeaders: rule.AllowedHeaders,
    allowedMethods: rule.AllowedMethods,
    allowedOrigins: rule.AllowedOrigins,
    exposeHeaders: rule.ExposeHeaders,
    maxAgeSeconds: rule.MaxAgeSeconds,
  };
}

async function setTags(s3: S3, Bucket: string, tags: Tags | undefined): Promise<void> {
  const TagSet = toTags(tags);
  if (TagSet.length > 0) await s3.putBucketTagging({ Bucket, Tagging: { TagSet } });
  else await ifThere(s3.deleteBucketTagging({ Bucket }));
}

/** Every version and delete marker, a page at a time; past a lock of governance mode, as the real provider does. */
async function empty(s3: S3, Bucket: string, locked: boolean): Promise<void> {
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await s3.listObjectVersions({ Bucket });
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
    if (Objects.length === 0) return;
    const BypassGovernanceRetention = locked ? true : undefined;
    const { Errors = [] } = await s3.deleteObjects({
      Bucket,
      Delete: { Objects, Quiet: true },
      BypassGovernanceRetention,
    });
    if (Errors[0]) throw new Error(`bucket ${Bucket} cannot be emptied: ${Errors[0].Key}: ${Errors[0].Message}`);
  }
}
