import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { bucketNames, DataBuckets } from "./aws.ts";

const build = (dataProtection = true) =>
  recordResources(
    () =>
      new DataBuckets("acme", {
        prefix: "biplane-acme-main",
        consoleOrigin: "https://us-east-2.biplane.test",
        dataProtection,
        tags: { owner: "us" },
      }),
  );

const both = ["biplane-acme-main-metadata", "biplane-acme-main-fast-reg"];

describe("DataBuckets", () => {
  it("turns on all four public-access switches, on both buckets", async () => {
    const blocks = (await build()).of("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock");
    expect(blocks.map(({ inputs }) => inputs)).toEqual(
      both.map((bucket) => ({
        bucket,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      })),
    );
  });

  it("keeps versions of and encrypts both", async () => {
    const made = await build();
    const versioned = made.of("aws:s3/bucketVersioning:BucketVersioning").map(({ inputs }) => inputs);
    expect(versioned).toEqual(both.map((bucket) => ({ bucket, versioningConfiguration: { status: "Enabled" } })));
    const type = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration";
    expect(made.of(type).map(({ inputs }) => inputs)).toEqual(
      both.map((bucket) => ({ bucket, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }] })),
    );
  });

  it("refuses plain HTTP to the bucket and its objects", async () => {
    const policies = (await build()).of("aws:s3/bucketPolicy:BucketPolicy");
    expect(policies.map(({ inputs }) => [inputs.bucket, JSON.parse(String(inputs.policy)).Statement])).toEqual(
      both.map((bucket) => [
        bucket,
        [
          {
            Sid: "TlsOnly",
            Effect: "Deny",
            Principal: "*",
            Action: "s3:*",
            Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
            Condition: { Bool: { "aws:SecureTransport": "false" } },
          },
        ],
      ]),
    );
  });

  it("lets browsers read from the console's origin only", async () => {
    const cors = (await build()).of("aws:s3/bucketCorsConfiguration:BucketCorsConfiguration");
    const rule = {
      allowedHeaders: ["*"],
      allowedMethods: ["GET", "HEAD"],
      allowedOrigins: ["https://us-east-2.biplane.test"],
      exposeHeaders: ["ETag"],
      maxAgeSeconds: 3600,
    };
    expect(cors.map(({ inputs }) => inputs)).toEqual(both.map((bucket) => ({ bucket, corsRules: [rule] })));
  });

  it("empties a bucket on destroy only without data protection", async () => {
    const emptied = async (on: boolean) =>
      (await build(on)).of("aws:s3/bucket:Bucket").map(({ inputs }) => inputs.forceDestroy);
    expect(await emptied(true)).toEqual([false, false]);
    expect(await emptied(false)).toEqual([true, true]);
  });

  it("keeps the names that deployed stacks already have", async () => {
    const made = await build();
    expect([...new Set(made.all.map(({ name }) => name))].sort()).toEqual(["acme", "acme-fast-reg", "acme-metadata"]);
    expect(bucketNames("biplane-acme-main")).toEqual({ metadata: both[0], fastRegistration: both[1] });
  });
});
