import { z } from "zod";
import type { GoogleRepositoryFact } from "../../facts-google.ts";
import type { Reads } from "./client.ts";
import { policyByGet, readBindings } from "./policy.ts";

const api = "artifactregistry";

const repositorySchema = z.object({
  name: z.string(),
  mode: z.string().default("STANDARD_REPOSITORY"),
  kmsKeyName: z.string().optional(),
  dockerConfig: z.object({ immutableTags: z.boolean().default(false) }).optional(),
  vulnerabilityScanningConfig: z
    .object({ enablementConfig: z.string().optional(), enablementState: z.string().optional() })
    .default({}),
});

/** Of the plane's region. */
export async function readGoogleRepositories(
  reads: Reads,
  project: string,
  region: string,
): Promise<GoogleRepositoryFact[]> {
  const path = `/v1/projects/${project}/locations/${region}/repositories`;
  const listed = await reads.all({ api, path, query: { pageSize: "1000" } }, "repositories", repositorySchema);
  return Promise.all(
    listed.map(async ({ name, mode, kmsKeyName, dockerConfig, vulnerabilityScanningConfig: scanning }) => ({
      ...{ name, mode, immutableTags: dockerConfig?.immutableTags ?? false },
      ...(kmsKeyName ? { key: kmsKeyName } : {}),
      scanning: scanning.enablementConfig ?? "INHERITED",
      scanningState: scanning.enablementState ?? "not told",
      bindings: await readBindings(reads, policyByGet(api, `/v1/${name}`)),
    })),
  );
}
