/** Where data rests beside buckets and images, and what sends it elsewhere. Secrets are described; no value is asked for. */
import { z } from "zod";
import type { GoogleSecretFact, GoogleStoresFact } from "../../facts-google.ts";
import type { Reads } from "./client.ts";
import { policyByGet, policyByPost, readBindings } from "./policy.ts";

const sealed = z.object({ kmsKeyName: z.string() }).optional();
const replica = z.object({ location: z.string(), customerManagedEncryption: sealed });
const secretSchema = z.object({
  name: z.string(),
  labels: z.record(z.string(), z.string()).default({}),
  replication: z.object({ userManaged: z.object({ replicas: z.array(replica).default([]) }).optional() }).default({}),
});
const logBucketSchema = z.object({
  name: z.string(),
  cmekSettings: z.object({ kmsKeyName: z.string().optional() }).optional(),
});
const viewSchema = z.object({ name: z.string() });
const exclusionSchema = z.object({ name: z.string(), filter: z.string(), disabled: z.boolean().default(false) });
const sinkSchema = exclusionSchema.extend({ destination: z.string(), filter: z.string().default("") });

export async function readGoogleStores(reads: Reads, project: string): Promise<GoogleStoresFact> {
  const logging = { api: "logging", query: { pageSize: "1000" } };
  const [secrets, logBuckets, sinks, exclusions] = await Promise.all([
    readSecrets(reads, project),
    readLogBuckets(reads, project),
    reads.all({ ...logging, path: `/v2/projects/${project}/sinks` }, "sinks", sinkSchema),
    reads.all({ ...logging, path: `/v2/projects/${project}/exclusions` }, "exclusions", exclusionSchema),
  ]);
  return { secrets, logBuckets, sinks, exclusions };
}

async function readSecrets(reads: Reads, project: string): Promise<GoogleSecretFact[]> {
  const api = "secretmanager";
  const path = `/v1/projects/${project}/secrets`;
  const listed = await reads.all({ api, path, query: { pageSize: "25000" } }, "secrets", secretSchema);
  return Promise.all(
    listed.map(async ({ name, labels, replication }) => ({
      ...{ name, labels },
      replicas: (replication.userManaged?.replicas ?? []).map(({ location, customerManagedEncryption: by }) => {
        return { location, ...(by ? { key: by.kmsKeyName } : {}) };
      }),
      bindings: await readBindings(reads, policyByGet(api, `/v1/${name}`)),
    })),
  );
}

/** In every place; a view is where somebody may read some of a bucket's lines. */
async function readLogBuckets(reads: Reads, project: string): Promise<GoogleStoresFact["logBuckets"]> {
  const api = "logging";
  const query = { pageSize: "1000" };
  const path = `/v2/projects/${project}/locations/-/buckets`;
  const listed = await reads.all({ api, path, query }, "buckets", logBucketSchema);
  return Promise.all(
    listed.map(async ({ name, cmekSettings }) => {
      const views = await reads.all({ api, path: `/v2/${name}/views`, query }, "views", viewSchema);
      return {
        name,
        ...(cmekSettings?.kmsKeyName ? { key: cmekSettings.kmsKeyName } : {}),
        views: await Promise.all(
          views.map(async (view) => ({
            name: view.name,
            bindings: await readBindings(reads, policyByPost(api, `/v2/${view.name}`)),
          })),
        ),
      };
    }),
  );
}
