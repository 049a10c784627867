import { z } from "zod";
import type { GoogleBucketFact } from "../../facts-google.ts";
import type { Reads } from "./client.ts";
import { readBindings } from "./policy.ts";

const api = "storage";

const bucketSchema = z.object({
  location: z.string(),
  projectNumber: z.string(),
  encryption: z.object({ defaultKmsKeyName: z.string().optional() }).optional(),
  iamConfiguration: z
    .object({
      uniformBucketLevelAccess: z.object({ enabled: z.boolean().default(false) }).optional(),
      publicAccessPrevention: z.string().optional(),
    })
    .default({}),
  versioning: z.object({ enabled: z.boolean().default(false) }).optional(),
  cors: z
    .array(z.object({ origin: z.array(z.string()).default([]), method: z.array(z.string()).default([]) }))
    .default([]),
});
const objectsSchema = z.object({ items: z.array(z.object({ name: z.string() })).default([]) });

export async function readGoogleBucket(reads: Reads, name: string): Promise<GoogleBucketFact> {
  const path = `/storage/v1/b/${encodeURIComponent(name)}`;
  const [bucket, bindings, { items }] = await Promise.all([
    reads.one({ api, path }, bucketSchema),
    readBindings(reads, { api, path: `${path}/iam`, query: { optionsRequestedPolicyVersion: "3" } }),
    reads.one({ api, path: `${path}/o`, query: { maxResults: "1000", fields: "items(name)" } }, objectsSchema),
  ]);
  const { iamConfiguration, cors, encryption } = bucket;
  return {
    name,
    location: bucket.location,
    projectNumber: bucket.projectNumber,
    ...(encryption?.defaultKmsKeyName ? { key: encryption.defaultKmsKeyName } : {}),
    uniformAccess: iamConfiguration.uniformBucketLevelAccess?.enabled ?? false,
    publicAccess: iamConfiguration.publicAccessPrevention ?? "inherited",
    versioned: bucket.versioning?.enabled ?? false,
    corsOrigins: cors.flatMap(({ origin }) => origin),
    corsMethods: cors.flatMap(({ method }) => method),
    bindings,
    objects: items.map((item) => item.name),
  };
}
