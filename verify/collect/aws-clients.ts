/** SDK clients by a named profile, as the `aws` command reads it: its region, endpoint and certificate bundle. */
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { CloudTrailClient } from "@aws-sdk/client-cloudtrail";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ECRClient } from "@aws-sdk/client-ecr";
import { EKSClient } from "@aws-sdk/client-eks";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAMClient } from "@aws-sdk/client-iam";
import { KMSClient } from "@aws-sdk/client-kms";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { STSClient } from "@aws-sdk/client-sts";
import { fromIni } from "@aws-sdk/credential-providers";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { AwsAccess } from "../target.ts";
import { patienceMs } from "./attempt.ts";

export interface AwsClients {
  iam: IAMClient;
  sts: STSClient;
  s3: S3Client;
  ecr: ECRClient;
  eks: EKSClient;
  ec2: EC2Client;
  balancers: ElasticLoadBalancingV2Client;
  kms: KMSClient;
  secrets: SecretsManagerClient;
  logs: CloudWatchLogsClient;
  /** Of calls to IAM and what else is global. */
  trails: CloudTrailClient;
}

/** A profile, and the region that is asked. */
export interface Account {
  aws: AwsAccess;
  region: string;
}

/** Of any client of the SDK. */
export function clientConfig({ aws, region }: Account) {
  const agent = new Agent({ keepAlive: true, maxSockets: 16, ...(aws.caFile ? { ca: readFileSync(aws.caFile) } : {}) });
  return {
    region,
    credentials: fromIni({
      profile: aws.profile,
      ...(aws.configFile ? { configFilepath: aws.configFile } : {}),
      ...(aws.credentialsFile ? { filepath: aws.credentialsFile } : {}),
    }),
    requestHandler: new NodeHttpHandler({ httpsAgent: agent, requestTimeout: patienceMs }),
    maxAttempts: 3,
    ...(aws.endpointUrl ? { endpoint: aws.endpointUrl } : {}),
  };
}

/** Where AWS records what is global. It answers two look-ups a second, whoever asks: who is told to wait waits. */
const globalHistory = { region: "us-east-1", retryMode: "adaptive", maxAttempts: 8 } as const;

export function awsClients(account: Account): AwsClients {
  const common = clientConfig(account);
  return {
    iam: new IAMClient(common),
    sts: new STSClient(common),
    s3: new S3Client({ ...common, forcePathStyle: account.aws.endpointUrl !== undefined }),
    ecr: new ECRClient(common),
    eks: new EKSClient(common),
    ec2: new EC2Client(common),
    balancers: new ElasticLoadBalancingV2Client(common),
    kms: new KMSClient(common),
    secrets: new SecretsManagerClient(common),
    logs: new CloudWatchLogsClient(common),
    trails: new CloudTrailClient({ ...common, ...globalHistory }),
  };
}
