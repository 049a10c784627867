/** One bucket's configuration. What is not configured is absent; what is refused fails the whole fact. */
import {
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLocationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketReplicationCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { BucketFact } from "../facts.ts";
import { parsePolicy } from "../reason/iam-policy.ts";
import { absent } from "./attempt.ts";
import { type PlacesPage, placesIn } from "./places.ts";

const missing = {
  encryption: ["ServerSideEncryptionConfigurationNotFoundError"],
  block: ["NoSuchPublicAccessBlockConfiguration"],
  policy: ["NoSuchBucketPolicy"],
  cors: ["NoSuchCORSConfiguration"],
  replication: ["ReplicationConfigurationNotFoundError"],
  ownership: ["OwnershipControlsNotFoundError"],
};

/** @param prefixes beneath which nothing is listed */
export async function readBucket(s3: S3Client, name: string, prefixes: readonly string[]): Promise<BucketFact> {
  const Bucket = name;
  const [location, encryption, block, versioning, policy, cors, replication, owned, places] = await Promise.all([
    s3.send(new GetBucketLocationCommand({ Bucket })),
    absent(missing.encryption, () => s3.send(new GetBucketEncryptionCommand({ Bucket }))),
    absent(missing.block, () => s3.send(new GetPublicAccessBlockCommand({ Bucket }))),
    s3.send(new GetBucketVersioningCommand({ Bucket })),
    absent(missing.policy, () => s3.send(new GetBucketPolicyCommand({ Bucket }))),
    absent(missing.cors, () => s3.send(new GetBucketCorsCommand({ Bucket }))),
    absent(missing.replication, () => s3.send(new GetBucketReplicationCommand({ Bucket }))),
    absent(missing.ownership, () => s3.send(new GetBucketOwnershipControlsCommand({ Bucket }))),
    placesIn(
      (prefix, next) => listPlaces(s3, { Bucket, Prefix: prefix, ContinuationToken: next }),
      prefixes,
      (prefix) => holdsObjects(s3, { Bucket, Prefix: prefix }),
    ),
  ]);
  const rule = encryption?.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
  const ownership = owned?.OwnershipControls?.Rules?.[0]?.ObjectOwnership;
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
    ...(ownership ? { ownership } : {}),
    places,
  };
}

/** S3 names no prefix whose objects have all been deleted; other stores that speak as it does keep their folders. */
async function holdsObjects(s3: S3Client, beneath: ListObjectsV2CommandInput): Promise<boolean> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ ...beneath, MaxKeys: 1 }));
  return Contents.length > 0;
}

async function listPlaces(s3: S3Client, asked: ListObjectsV2CommandInput): Promise<PlacesPage> {
  const page = await s3.send(new ListObjectsV2Command({ ...asked, Delimiter: "/" }));
  // Without the token the next page would be the first again.
  if (page.IsTruncated && !page.NextContinuationToken)
    throw new Error(`${asked.Bucket}: a page says nothing of the next`);
  return {
    objects: (page.Contents ?? []).map(({ Key = "" }) => Key),
    prefixes: (page.CommonPrefixes ?? []).map(({ Prefix = "" }) => Prefix),
    next: page.IsTruncated ? page.NextContinuationToken : undefined,
  };
}
