import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { GoogleBuckets, type GoogleBucketsArgs } from "./gcp.ts";

const key = "projects/acme-data/locations/europe-west4/keyRings/main/cryptoKeys/data";
const build = (more: Partial<GoogleBucketsArgs> = {}) =>
  recordResources(
    () =>
      new GoogleBuckets("main", {
        ...{ project: "acme-data", region: "europe-west4", prefix: "biplane-acme-main", org: "acme" },
        ...{ consoleOrigin: "https://console.biplane.test", key: { name: pulumi.output(key) } },
        ...{ dataProtection: true, labels: { "biplane-org": "acme" } },
        ...more,
      }),
  );

describe("GoogleBuckets", () => {
  it("makes the two documented buckets in the plane's region", async () => {
    const made = await build();
    const buckets = made.of("gcp:storage/bucket:Bucket").map(({ inputs }) => [inputs.name, inputs.location]);
    expect(buckets).toEqual([
      ["biplane-acme-main-metadata", "EUROPE-WEST4"],
      ["biplane-acme-main-fast-reg", "EUROPE-WEST4"],
    ]);
  });

  it("closes, seals and keeps each", async () => {
    for (const { inputs } of (await build()).of("gcp:storage/bucket:Bucket")) {
      expect(inputs).toMatchObject({
        ...{ uniformBucketLevelAccess: true, publicAccessPrevention: "enforced", forceDestroy: false },
        ...{ encryption: { defaultKmsKeyName: key }, versioning: { enabled: true }, labels: { "biplane-org": "acme" } },
      });
    }
  });

  it("lets the console's origin read, and no other, and nothing write", async () => {
    for (const { inputs } of (await build()).of("gcp:storage/bucket:Bucket")) {
      expect(inputs.cors).toEqual([
        {
          origins: ["https://console.biplane.test"],
          methods: ["GET", "HEAD"],
          responseHeaders: ["ETag"],
          maxAgeSeconds: 3600,
        },
      ]);
    }
  });

  it("never deletes a current object by itself, and only under the organisation's prefix", async () => {
    for (const { inputs } of (await build()).of("gcp:storage/bucket:Bucket")) {
      expect(inputs.lifecycleRules).toEqual([
        {
          action: { type: "Delete" },
          condition: { matchesPrefixes: ["acme/"], withState: "ARCHIVED", daysSinceNoncurrentTime: 30 },
        },
        {
          action: { type: "AbortIncompleteMultipartUpload" },
          condition: { matchesPrefixes: ["acme/"], age: 7 },
        },
      ]);
    }
  });

  it("is emptied by a destroy only where nothing is protected", async () => {
    const made = await build({ dataProtection: false });
    for (const { inputs } of made.of("gcp:storage/bucket:Bucket")) expect(inputs.forceDestroy).toBe(true);
  });
});
