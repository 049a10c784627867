import {
  type Bucket,
  GetBucketEncryptionCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  paginateListBuckets,
  S3Client,
} from "@aws-sdk/client-s3";
import { GetPublicAccessBlockCommand as GetAccountBlockCommand, S3ControlClient } from "@aws-sdk/client-s3-control";
import type { BaselineFacts, BucketSettingsFact } from "../../../facts-baseline.ts";
import { parsePolicy } from "../../../reason/iam-policy.ts";
import { absent } from "../../attempt.ts";
import { type Account, clientConfig } from "../../aws-clients.ts";

const noBlock = ["NoSuchPublicAccessBlockConfiguration"];

/** Of whichever region a bucket lies in. */
export function s3ClientOf(account: Account): S3Client {
  const forcePathStyle = account.aws.endpointUrl !== undefined;
  return new S3Client({ ...clientConfig(account), forcePathStyle, followRegionRedirects: true });
}

export async function readBuckets(account: Account): Promise<BucketSettingsFact[]> {
  const client = s3ClientOf(account);
  const buckets: Bucket[] = [];
  for await (const page of paginateListBuckets({ client }, {})) buckets.push(...(page.Buckets ?? []));
  return Promise.all(buckets.map(({ Name = "" }) => readBucket(client, Name)));
}

async function readBucket(client: S3Client, name: string): Promise<BucketSettingsFact> {
  const Bucket = name;
  const [encryption, policy, versioning, blocked] = await Promise.all([
    absent(["ServerSideEncryptionConfigurationNotFoundError"], () =>
      client.send(new GetBucketEncryptionCommand({ Bucket })),
    ),
    absent(["NoSuchBucketPolicy"], () => client.send(new GetBucketPolicyCommand({ Bucket }))),
    client.send(new GetBucketVersioningCommand({ Bucket })),
    readBlock(client, name),
  ]);
  const rule = encryption?.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
  return {
    name,
    encrypted: rule?.SSEAlgorithm !== undefined,
    ...(policy?.Policy ? { policy: parsePolicy(policy.Policy) } : {}),
    mfaDelete: versioning.Status === "Enabled" && versioning.MFADelete === "Enabled",
    blocked,
  };
}

/** All four switches of one bucket. */
export async function readBlock(client: S3Client, Bucket: string): Promise<boolean> {
  const block = await absent(noBlock, () => client.send(new GetPublicAccessBlockCommand({ Bucket })));
  return allOn(block?.PublicAccessBlockConfiguration);
}

export async function readPublicAccess(
  config: ReturnType<typeof clientConfig>,
  AccountId: string,
): Promise<BaselineFacts["regionPublicAccess"]> {
  const client = new S3ControlClient(config);
  const block = await absent(noBlock, () => client.send(new GetAccountBlockCommand({ AccountId })));
  return { blocked: allOn(block?.PublicAccessBlockConfiguration) };
}

interface Switches {
  BlockPublicAcls?: boolean;
  IgnorePublicAcls?: boolean;
  BlockPublicPolicy?: boolean;
  RestrictPublicBuckets?: boolean;
}

function allOn(on: Switches | undefined): boolean {
  const { BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets } = on ?? {};
  return Boolean(BlockPublicAcls && IgnorePublicAcls && BlockPublicPolicy && RestrictPublicBuckets);
}
