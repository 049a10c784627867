/** The IAM documents of the two platform roles, as data: exactly the documented action families and no wildcard action. */
import type { PlaneBuckets, Subject } from "./contract.ts";

export interface TrustArgs {
  providerArn: string;
  /** Issuer without the scheme. */
  issuer: string;
  subjects: Subject[];
}

/** Audience that STS wants in pods' tokens. */
const audience = "sts.amazonaws.com";

/** Exact names by StringEquals: the documented `system:serviceaccount:*` would let any pod of the cluster in. */
export function renderTrust({ providerArn, issuer, subjects }: TrustArgs) {
  return {
    Version: "2012-10-17" as const,
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: providerArn },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: {
            [`${issuer}:aud`]: audience,
            [`${issuer}:sub`]: subjects.map((who) => `system:serviceaccount:${who.namespace}:${who.serviceAccount}`),
          },
        },
      },
    ],
  };
}

const readWriteObjects = [
  "s3:AbortMultipartUpload",
  "s3:DeleteObject",
  "s3:GetObject",
  "s3:ListMultipartUploadParts",
  "s3:PutObject",
];

/** Task pods: objects under the organisation's own prefix of both buckets; nothing else in the account. */
export function renderUserPolicy({ org, buckets }: { org: string; buckets: PlaneBuckets }) {
  const arns = bucketArns(buckets);
  return {
    Version: "2012-10-17" as const,
    Statement: [
      { Sid: "Objects", Effect: "Allow", Action: readWriteObjects, Resource: arns.map((arn) => `${arn}/${org}/*`) },
      {
        Sid: "List",
        Effect: "Allow",
        Action: ["s3:ListBucket"],
        Resource: arns,
        Condition: { StringLike: { "s3:prefix": [`${org}/*`] } },
      },
    ],
  };
}

export interface AdminPolicyArgs {
  buckets: PlaneBuckets;
  region: string;
  account: string;
  /** Names of users' secrets begin with it and a slash. */
  secretPrefix: string;
  /** Log group of the task pods. */
  logGroup: string;
}

/** Platform services: both buckets whole, users' secrets under the plane's prefix, reading the plane's logs. */
export function renderAdminPolicy({ buckets, region, account, secretPrefix, logGroup }: AdminPolicyArgs) {
  const arns = bucketArns(buckets);
  const logs = `arn:aws:logs:${region}:${account}:log-group:${logGroup}`;
  return {
    Version: "2012-10-17" as const,
    Statement: [
      { Sid: "Objects", Effect: "Allow", Action: readWriteObjects, Resource: arns.map((arn) => `${arn}/*`) },
      { Sid: "List", Effect: "Allow", Action: ["s3:ListBucket", "s3:ListBucketMultipartUploads"], Resource: arns },
      {
        Sid: "Secrets",
        Effect: "Allow",
        Action: [
          "secretsmanager:CreateSecret",
          "secretsmanager:DeleteSecret",
          "secretsmanager:DescribeSecret",
          "secretsmanager:GetSecretValue",
          "secretsmanager:PutSecretValue",
          "secretsmanager:UpdateSecret",
        ],
        Resource: [`arn:aws:secretsmanager:${region}:${account}:secret:${secretPrefix}/*`],
      },
      {
        Sid: "ReadLogs",
        Effect: "Allow",
        Action: ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"],
        Resource: [logs, `${logs}:*`],
      },
    ],
  };
}

function bucketArns({ metadata, fastRegistration }: PlaneBuckets): string[] {
  return [metadata, fastRegistration].map((name) => `arn:aws:s3:::${name}`);
}
