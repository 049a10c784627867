import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { type RecordOptions, recordResources } from "../testing/record-resources.ts";
import { createDataKey, DataBuckets, type DataBucketsArgs } from "./aws.ts";
import { dataLifecycle } from "./lifecycle.ts";
import { bucketNames } from "./names.ts";

const account = "111111111111";
const roles = ["arn:aws:iam::111111111111:role/adminflyterole", "arn:aws:iam::111111111111:role/userflyterole"];
const args = { account, region: "us-east-2", roles, dataProtection: true, tags: { owner: "us" } };

const build = (changes: Partial<DataBucketsArgs> = {}, options: RecordOptions = {}) =>
  recordResources(
    () =>
      new DataBuckets("acme", {
        prefix: "biplane-acme-main",
        org: "acme",
        consoleOrigin: "https://us-east-2.biplane.test",
        key: { arn: pulumi.output("arn:key") },
        dataProtection: true,
        tags: { owner: "us" },
        ...changes,
      }),
    options,
  );

const both = ["biplane-acme-main-metadata", "biplane-acme-main-fast-reg"];
const accessLogs = { account, retentionDays: 365 };

describe("DataBuckets", () => {
  it("turns on all four public-access switches and refuses ACLs, on both buckets", async () => {
    const made = await build();
    const blocks = made.of("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock");
    const on = { blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true };
    expect(blocks.map(({ inputs }) => inputs)).toEqual(both.map((bucket) => ({ bucket, ...on })));
    const owned = made.of("aws:s3/bucketOwnershipControls:BucketOwnershipControls");
    const rule = { objectOwnership: "BucketOwnerEnforced" };
    expect(owned.map(({ inputs }) => inputs)).toEqual(both.map((bucket) => ({ bucket, rule })));
  });

  it("keeps versions of both and seals both under the given key", async () => {
    const made = await build();
    const versioned = made.of("aws:s3/bucketVersioning:BucketVersioning").map(({ inputs }) => inputs);
    expect(versioned).toEqual(both.map((bucket) => ({ bucket, versioningConfiguration: { status: "Enabled" } })));
    const type = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration";
    const applyServerSideEncryptionByDefault = { sseAlgorithm: "aws:kms", kmsMasterKeyId: "arn:key" };
    expect(made.of(type).map(({ inputs }) => inputs)).toEqual(
      both.map((bucket) => ({ bucket, rules: [{ applyServerSideEncryptionByDefault, bucketKeyEnabled: true }] })),
    );
  });

  it("refuses plain HTTP and old TLS to the bucket and its objects, and lets nobody in", async () => {
    const policies = (await build()).of("aws:s3/bucketPolicy:BucketPolicy");
    for (const [at, { inputs }] of policies.entries()) {
      const Resource = [`arn:aws:s3:::${both[at]}`, `arn:aws:s3:::${both[at]}/*`];
      const deny = { Effect: "Deny", Principal: "*", Action: "s3:*", Resource };
      expect(JSON.parse(String(inputs.policy)).Statement).toEqual([
        { Sid: "TlsOnly", ...deny, Condition: { Bool: { "aws:SecureTransport": "false" } } },
        { Sid: "ModernTlsOnly", ...deny, Condition: { NumericLessThan: { "s3:TlsVersion": "1.2" } } },
      ]);
    }
    expect(policies).toHaveLength(2);
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

  it("clears old versions and abandoned uploads under the organisation's prefix, and no current object", async () => {
    const rules = (await build()).of("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration");
    expect(rules.map(({ inputs }) => inputs)).toEqual(both.map((bucket) => ({ bucket, rules: dataLifecycle("acme") })));
    for (const rule of dataLifecycle("acme")) {
      expect(rule).not.toHaveProperty("expiration");
      expect(rule.filter).toEqual({ prefix: "acme/" });
    }
  });

  it("is hard to lose with data protection, and empties a bucket on destroy only without", async () => {
    const emptied = async (dataProtection: boolean) =>
      (await build({ dataProtection, accessLogs })).of("aws:s3/bucket:Bucket").map(({ inputs }) => inputs.forceDestroy);
    expect(await emptied(true)).toEqual([false, false, false]);
    expect(await emptied(false)).toEqual([true, true, true]);
  });

  it("keeps the names that deployed stacks already have", async () => {
    const made = await build();
    expect([...new Set(made.all.map(({ name }) => name))].sort()).toEqual(["acme", "acme-fast-reg", "acme-metadata"]);
    expect(bucketNames("biplane-acme-main")).toEqual({ metadata: both[0], fastRegistration: both[1] });
  });

  it("shows the same resources in a first preview, when nothing is known yet", async () => {
    const names = (made: Awaited<ReturnType<typeof build>>) =>
      made.all.map(({ type, name }) => `${type} ${name}`).sort();
    expect(names(await build({ accessLogs }, { preview: true }))).toEqual(names(await build({ accessLogs })));
  });
});

describe("access logs", () => {
  it("are not written unless they are asked for", async () => {
    expect((await build()).of("aws:s3/bucketLogging:BucketLogging")).toEqual([]);
  });

  it("go to a third bucket, each data bucket under its own prefix, and go when their time is over", async () => {
    const made = await build({ accessLogs });
    const logging = made.of("aws:s3/bucketLogging:BucketLogging").map(({ inputs }) => inputs);
    expect(logging).toEqual([
      { bucket: both[0], targetBucket: "biplane-acme-main-access-logs", targetPrefix: "metadata/" },
      { bucket: both[1], targetBucket: "biplane-acme-main-access-logs", targetPrefix: "fast-reg/" },
    ]);
    const kept = made.one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "acme-access-logs");
    expect(kept.inputs.rules).toMatchObject([{ expiration: { days: 365 } }]);
  });

  it("come from S3 only, for these two buckets of this account", async () => {
    const made = await build({ accessLogs });
    const { policy } = made.one("aws:s3/bucketPolicy:BucketPolicy", "acme-access-logs").inputs;
    const allowed = JSON.parse(String(policy)).Statement.filter(({ Effect }: { Effect: string }) => Effect === "Allow");
    expect(allowed).toEqual([
      {
        Sid: "AccessLogDelivery",
        Effect: "Allow",
        Principal: { Service: "logging.s3.amazonaws.com" },
        Action: "s3:PutObject",
        Resource: "arn:aws:s3:::biplane-acme-main-access-logs/*",
        Condition: {
          StringEquals: { "aws:SourceAccount": account },
          ArnLike: { "aws:SourceArn": both.map((bucket) => `arn:aws:s3:::${bucket}`) },
        },
      },
    ]);
  });
});

describe("createDataKey", () => {
  it("lets the given roles use the key through S3 of its region, and nobody else use it at all", async () => {
    const made = await recordResources(() => createDataKey("acme-data", args));
    const { Statement } = JSON.parse(String(made.one("aws:kms/key:Key").inputs.policy));
    const using = Statement.filter(({ Action }: { Action: string[] }) => Action.includes("kms:Decrypt"));
    expect(using).toHaveLength(1);
    expect(using[0]).toMatchObject({
      Principal: { AWS: roles },
      Condition: { StringEquals: { "kms:CallerAccount": account, "kms:ViaService": "s3.us-east-2.amazonaws.com" } },
    });
  });
});
