import { z } from "zod";
import type { GoogleBucketFact } from "../../facts-google.ts";
import { type PlacesPage, placesIn } from "../places.ts";
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
const objectsSchema = z.object({
  items: z.array(z.object({ name: z.string() })).default([]),
  prefixes: z.array(z.string()).default([]),
  nextPageToken: z.string().optional(),
});

/** @param prefixes beneath which nothing is listed */
export async function readGoogleBucket(
  reads: Reads,
  name: string,
  prefixes: readonly string[],
): Promise<GoogleBucketFact> {
  const path = `/storage/v1/b/${encodeURIComponent(name)}`;
  const [bucket, bindings, places] = await Promise.all([
    reads.one({ api, path }, bucketSchema),
    readBindings(reads, { api, path: `${path}/iam`, query: { optionsRequestedPolicyVersion: "3" } }),
    placesIn(
      (prefix, next) => listPlaces(reads, `${path}/o`, { prefix, ...(next ? { pageToken: next } : {}) }),
      prefixes,
    ),
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
    places,
  };
}

async function listPlaces(reads: Reads, path: string, asked: Record<string, string>): Promise<PlacesPage> {
  const query = { ...asked, delimiter: "/", maxResults: "1000", fields: "items(name),prefixes,nextPageToken" };
  const { items, prefixes, nextPageToken: next } = await reads.one({ api, path, query }, objectsSchema);
  return { objects: items.map((item) => item.name), prefixes, next };
}
