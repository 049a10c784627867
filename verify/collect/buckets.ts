/** One bucket's configuration. What is not configured is absent; what is refused fails the whole fact. */
import {
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetBucketReplicationCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { BucketFact } from "../facts.ts";
import { parsePolicy } from "../reason/iam-policy.ts";
import { absent } from "./attempt.ts";

const missing = {
  encryption: ["ServerSideEncryptionConfigurationNotFoundError"],
  block: ["NoSuchPublicAccessBlockConfiguration"],
  policy: ["NoSuchBucketPolicy"],
  cors: ["NoSuchCORSConfiguration"],
  replication: ["ReplicationConfigurationNotFoundError"],
};

export async function readBucket(s3: S3Client, name: string): Promise<BucketFact> {
  const Bucket = name;
  const [location, encryption, block, versioning, policy, cors, replication, objects] = await Promise.all([
    s3.send(new GetBucketLocationCommand({ Bucket })),
    absent(missing.encryption, () => s3.send(new GetBucketEncryptionCommand({ Bucket }))),
    absent(missing.block, () => s3.send(new GetPublicAccessBlockCommand({ Bucket }))),
    s3.send(new GetBucketVersioningCommand({ Bucket })),
    absent(missing.policy, () => s3.send(new GetBucketPolicyCommand({ Bucket }))),
    absent(missing.cors, () => s3.send(new GetBucketCorsCommand({ Bucket }))),
    absent(missing.replication, () => s3.send(new GetBucketReplicationCommand({ Bucket }))),
    s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 1000 })),
  ]);
  const rule = encryption?.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
  const switches = block?.PublicAccessBlockConfiguration;
  return {
    name,
    region: location.LocationConstraint ?? "us-east-1",
    ...(rule?.SSEAlgorithm ? { encryption: rule.SSEAlgorithm } : {}),
    publicAccessBlocked: Boolean(
      switches?.BlockPublicAcls &&
        switches.BlockPublicPolicy &&
        switches.IgnorePublicAcls &&
        switches.RestrictPublicBuckets,
    ),
    ...(versioning.Status ? { versioning: versioning.Status } : {}),
    ...(policy?.Policy ? { policy: parsePolicy(policy.Policy) } : {}),
    corsOrigins: (cors?.CORSRules ?? []).flatMap(({ AllowedOrigins }) => AllowedOrigins ?? []),
    corsMethods: (cors?.CORSRules ?? []).flatMap(({ AllowedMethods }) => AllowedMethods ?? []),
    replicationTargets: (replication?.ReplicationConfiguration?.Rules ?? []).map(
      ({ Destination }) => Destination?.Bucket ?? "?",
    ),
    keys: (objects.Contents ?? []).map(({ Key }) => Key ?? ""),
  };
}
