/** The IAM documents of the platform roles, as data: exactly the documented action families and no wildcard action. */
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

/**
 * For a role that every pod of the cluster may see and none may take: a trust policy must name somebody, and this one
 * names the cluster's provider only to refuse it.
 */
export function renderNoTrust(providerArn: string) {
  return {
    Version: "2012-10-17" as const,
    Statement: [
      { Effect: "Deny", Principal: { Federated: providerArn }, Action: "sts:AssumeRoleWithWebIdentity" as const },
    ],
  };
}

/** Which objects a task role reaches: the organisation's, or those of one project and domain. */
export interface UserPolicyArgs {
  org: string;
  /** @default every project of the organisation */
  within?: { project: string; domain: string };
  buckets: PlaneBuckets;
}

/** Task pods: objects under their own prefix of both buckets, and listing just these; nothing else in the account. */
export function renderUserPolicy({ org, within, buckets }: UserPolicyArgs) {
  const arns = bucketArns(buckets);
  const prefix = within ? `${org}/${within.project}/${within.domain}` : org;
  return {
    Version: "2012-10-17" as const,
    Statement: [
      { Sid: "Objects", Effect: "Allow", Action: readWriteObjects, Resource: arns.map((arn) => `${arn}/${prefix}/*`) },
      {
        Sid: "List",
        Effect: "Allow",
        Action: ["s3:ListBucket"],
        Resource: arns,
        Condition: { StringLike: { "s3:prefix": [`${prefix}/*`] } },
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
          "secretsmanager:PutResourcePolicy",
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

/** ARNs of the metadata and the fast-registration bucket, in this order. */
export function bucketArns({ metadata, fastRegistration }: PlaneBuckets): string[] {
  return [metadata, fastRegistration].map((name) => `arn:aws:s3:::${name}`);
}
