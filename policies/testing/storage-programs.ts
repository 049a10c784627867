/** Buckets. */
import * as aws from "@pulumi/aws";
import type { Pair } from "./programs.ts";

const bucket = "a-bucket";
const made = (forceDestroy: boolean) => new aws.s3.Bucket("bucket", { bucket, forceDestroy }, { protect: true });

const closed = (blockPublicPolicy: boolean) =>
  new aws.s3.BucketPublicAccessBlock("bucket", {
    bucket,
    blockPublicAcls: true,
    blockPublicPolicy,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  });

const versions = (status: string) =>
  new aws.s3.BucketVersioning("bucket", { bucket, versioningConfiguration: { status } });

const cors = (origin: string) =>
  new aws.s3.BucketCorsConfiguration("bucket", {
    bucket,
    corsRules: [{ allowedMethods: ["GET"], allowedOrigins: [origin] }],
  });

function whole(condition: object): void {
  made(false);
  closed(true);
  versions("Enabled");
  const rule = { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } };
  new aws.s3.BucketServerSideEncryptionConfiguration("bucket", { bucket, rules: [rule] });
  const refusal = { Effect: "Deny", Principal: "*", Action: "s3:*", Resource: `arn:aws:s3:::${bucket}/*` };
  const policy = JSON.stringify({ Statement: [{ ...refusal, Condition: condition }] });
  new aws.s3.BucketPolicy("bucket", { bucket, policy });
}

export const storagePrograms: Record<string, Pair> = {
  "bucket-keeps-its-objects": { bad: () => made(true), good: () => made(false) },
  "bucket-closed-to-the-public": { bad: () => closed(false), good: () => closed(true) },
  "bucket-versioned": { bad: () => versions("Suspended"), good: () => versions("Enabled") },
  "bucket-cors-names-its-origins": { bad: () => cors("*"), good: () => cors("https://console.example.com") },
  "bucket-is-whole": {
    bad: () => whole({ Bool: { "aws:SecureTransport": "true" } }),
    good: () => whole({ Bool: { "aws:SecureTransport": "false" } }),
  },
};
