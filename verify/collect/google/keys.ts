import { z } from "zod";
import type { GoogleKeyFact } from "../../facts-google.ts";
import type { Reads } from "./client.ts";
import { policyByGet, readBindings } from "./policy.ts";

const api = "cloudkms";

const keySchema = z.object({
  purpose: z.string(),
  primary: z.object({ state: z.string(), algorithm: z.string().optional() }).optional(),
  versionTemplate: z.object({ algorithm: z.string().optional() }).optional(),
});

/** @param names as what is sealed names them; one of a version is that of its key */
export async function readGoogleKeys(reads: Reads, names: readonly string[]): Promise<GoogleKeyFact[]> {
  const keys = new Set(names.map(keyOf));
  return Promise.all(
    [...keys].sort().map(async (name) => {
      const path = `/v1/${name}`;
      const [key, bindings] = await Promise.all([
        reads.one({ api, path }, keySchema),
        readBindings(reads, policyByGet(api, path)),
      ]);
      return {
        ...{ name, purpose: key.purpose, bindings },
        state: key.primary?.state ?? "no version",
        algorithm: key.primary?.algorithm ?? key.versionTemplate?.algorithm ?? "not told",
      };
    }),
  );
}

export const keyOf = (name: string) => name.replace(/\/cryptoKeyVersions\/\d+$/, "");
