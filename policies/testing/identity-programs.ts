/** Roles, policies and whoever a resource lets in. */
import * as aws from "@pulumi/aws";
import type { Pair } from "./programs.ts";

const document = (...statements: object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });

const trusting = (operator: string, subject: string) =>
  new aws.iam.Role("role", {
    assumeRolePolicy: document({
      Effect: "Allow",
      Principal: { Federated: "arn:aws:iam::111111111111:oidc-provider/oidc.example.com" },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: {
        [operator]: { "oidc.example.com:sub": subject },
        StringEquals: {
          "oidc.example.com:aud": "sts.amazonaws.com",
          ...(operator === "StringEquals" ? { "oidc.example.com:sub": subject } : {}),
        },
      },
    }),
  });

const allowing = (Action: string | string[], Resource: string) =>
  new aws.iam.RolePolicy("policy", { role: "role", policy: document({ Effect: "Allow", Action, Resource }) });

const attached = (name: string) =>
  new aws.iam.RolePolicyAttachment("policy", { role: "role", policyArn: `arn:aws:iam::aws:policy/${name}` });

const shared = (condition: object) =>
  new aws.s3.BucketPolicy("shared", {
    bucket: "a-bucket",
    policy: document({
      Effect: "Allow",
      Principal: { AWS: "*" },
      Action: "s3:GetObject",
      Resource: "arn:aws:s3:::a-bucket/*",
      Condition: condition,
    }),
  });

export const identityPrograms: Record<string, Pair> = {
  "no-static-identity": {
    bad: () => new aws.iam.User("robot", { name: "robot" }),
    good: () => trusting("StringEquals", "system:serviceaccount:union:executor"),
  },
  "trust-is-exact": {
    bad: () => trusting("StringLike", "system:serviceaccount:*"),
    good: () => trusting("StringEquals", "system:serviceaccount:union:executor"),
  },
  "rights-are-bounded": {
    bad: () => allowing("s3:*", "*"),
    good: () => allowing(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::a-bucket/*"),
  },
  "no-wide-policy-attached": {
    bad: () => attached("AmazonS3FullAccess"),
    good: () => attached("AmazonEKSClusterPolicy"),
  },
  "nothing-is-everybodys": {
    bad: () => shared({ Bool: { "aws:SecureTransport": "true" } }),
    good: () => shared({ StringEquals: { "aws:PrincipalAccount": "111111111111" } }),
  },
};
