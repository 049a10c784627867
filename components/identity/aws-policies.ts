/** The IAM documents of the platform roles, as data: exactly the documented action families and no wildcard action. */
import { adminServiceAccounts, type PlaneBuckets, type Subject, secretsServiceAccount } from "./contract.ts";

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
  const sub = subjects.map(subjectOf);
  const equal = { [`${issuer}:aud`]: audience, [`${issuer}:sub`]: sub };
  return { Version: "2012-10-17" as const, Statement: [trustStatement(providerArn, equal)] };
}

/**
 * For a role whose accounts have rights of their own each: STS gives a session to each under its own name alone, so that
 * the name, which every later request carries in `aws:userid`, tells who it is.
 */
export function renderSessionTrust({ providerArn, issuer, subjects }: TrustArgs) {
  return {
    Version: "2012-10-17" as const,
    Statement: subjects.map((who) =>
      trustStatement(providerArn, {
        [`${issuer}:aud`]: audience,
        [`${issuer}:sub`]: subjectOf(who),
        "sts:RoleSessionName": who.serviceAccount,
      }),
    ),
  };
}

function trustStatement(providerArn: string, equal: Record<string, string | string[]>) {
  return {
    Effect: "Allow",
    Principal: { Federated: providerArn },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: { StringEquals: equal },
  };
}

function subjectOf({ namespace, serviceAccount }: Subject): string {
  return `system:serviceaccount:${namespace}:${serviceAccount}`;
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

/** Before the colon of `aws:userid` is the role's own id, after it the session's name, which can have no colon. */
function inSessionOf(...accounts: string[]) {
  return { StringLike: { "aws:userid": accounts.map((account) => `*:${account}`) } };
}

/**
 * Platform services, each what it works with and no more: the object store both buckets whole, the executor reading them,
 * users' secrets under the plane's prefix for the service that keeps them, and reading the plane's logs for the log provider.
 * Who may not list is told 403 of an object that is not there, so who reads may also list.
 */
export function renderAdminPolicy({ buckets, region, account, secretPrefix, logGroup }: AdminPolicyArgs) {
  const arns = bucketArns(buckets);
  const objects = arns.map((arn) => `${arn}/*`);
  const logs = `arn:aws:logs:${region}:${account}:log-group:${logGroup}`;
  const { executor, objectstore, logs: logProvider } = adminServiceAccounts;
  return {
    Version: "2012-10-17" as const,
    Statement: [
      {
        ...{ Sid: "Objects", Effect: "Allow", Action: readWriteObjects, Resource: objects },
        Condition: inSessionOf(objectstore),
      },
      {
        ...{ Sid: "ReadObjects", Effect: "Allow", Action: ["s3:GetObject"], Resource: objects },
        Condition: inSessionOf(executor),
      },
      {
        ...{ Sid: "List", Effect: "Allow", Action: ["s3:ListBucket"], Resource: arns },
        Condition: inSessionOf(executor, objectstore),
      },
      {
        ...{ Sid: "ListUploads", Effect: "Allow", Action: ["s3:ListBucketMultipartUploads"], Resource: arns },
        Condition: inSessionOf(objectstore),
      },
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
        Condition: inSessionOf(secretsServiceAccount),
      },
      {
        Sid: "ReadLogs",
        Effect: "Allow",
        Action: ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"],
        Resource: [logs, `${logs}:*`],
        Condition: inSessionOf(logProvider),
      },
    ],
  };
}

/** ARNs of the metadata and the fast-registration bucket, in this order. */
export function bucketArns({ metadata, fastRegistration }: PlaneBuckets): string[] {
  return [metadata, fastRegistration].map((name) => `arn:aws:s3:::${name}`);
}
