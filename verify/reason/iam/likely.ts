/** Requests that somebody may really make, which are tried first as witnesses. */
import type { Part } from "./envelope-parts.ts";

/** Actions that exist, so that a witness can be tried: those that a policy names come first. */
export function likelyActions(allows: readonly Part[]): string[] {
  const named = allows.flatMap(({ statement, actions }) => (actions.not ? [] : statement.actions));
  const whole = named.filter((name) => !/[*?]/.test(name)).map((name) => spellings.get(name) ?? name);
  return [...new Set([...whole, ...known])];
}

export function likelyResources(allows: readonly Part[], action: string): string[] {
  const service = action.split(":")[0] ?? "";
  const named = allows.flatMap(({ resources }) => (resources.not ? [] : resources.list));
  const filled = named.map((pattern) => pattern.replaceAll("\uE000", "x").replaceAll("\uE001", "x"));
  return [...new Set([...filled.filter((text) => text.startsWith("arn:")), examples[service] ?? "", "*"])].filter(
    Boolean,
  );
}

const examples: Readonly<Record<string, string>> = {
  s3: "arn:aws:s3:::bucket/key",
  iam: "arn:aws:iam::111111111111:role/x",
  sts: "arn:aws:iam::111111111111:role/x",
  kms: "arn:aws:kms:us-east-1:111111111111:key/x",
  ec2: "arn:aws:ec2:us-east-1:111111111111:instance/x",
  secretsmanager: "arn:aws:secretsmanager:us-east-1:111111111111:secret:x",
  logs: "arn:aws:logs:us-east-1:111111111111:log-group:x",
  ecr: "arn:aws:ecr:us-east-1:111111111111:repository/x",
  eks: "arn:aws:eks:us-east-1:111111111111:cluster/x",
  lambda: "arn:aws:lambda:us-east-1:111111111111:function:x",
  dynamodb: "arn:aws:dynamodb:us-east-1:111111111111:table/x",
  sqs: "arn:aws:sqs:us-east-1:111111111111:x",
  sns: "arn:aws:sns:us-east-1:111111111111:x",
};

const known = (
  "s3:GetObject s3:PutObject s3:DeleteObject s3:ListBucket s3:GetObjectVersion s3:PutBucketPolicy s3:DeleteBucket " +
  "s3:ListAllMyBuckets iam:PassRole iam:CreateRole iam:PutRolePolicy iam:AttachRolePolicy iam:CreateAccessKey iam:GetRole " +
  "ec2:RunInstances " +
  "ec2:DescribeInstances secretsmanager:GetSecretValue secretsmanager:PutSecretValue logs:GetLogEvents logs:PutLogEvents " +
  "ecr:BatchGetImage ecr:PutImage eks:DescribeCluster eks:CreateAccessEntry lambda:InvokeFunction lambda:CreateFunction " +
  "dynamodb:GetItem dynamodb:PutItem sqs:SendMessage sqs:ReceiveMessage sns:Publish organizations:LeaveOrganization " +
  // Keys and roles also ask for a policy of their own to say yes.
  "sts:AssumeRole kms:Decrypt kms:Encrypt kms:GenerateDataKey kms:CreateGrant kms:PutKeyPolicy"
).split(" ");

const spellings = new Map(known.map((action) => [action.toLowerCase(), action]));

/** As AWS writes it, where it is known here. */
export const spelled = (action: string): string => spellings.get(action.toLowerCase()) ?? action;
