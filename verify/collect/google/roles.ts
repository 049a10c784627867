import { z } from "zod";
import type { GoogleRoleFact } from "../../facts-google.ts";
import type { Reads } from "./client.ts";

const roleSchema = z.object({
  includedPermissions: z.array(z.string()).default([]),
  deleted: z.boolean().default(false),
});

/** What each role holds; one that was deleted grants nothing. */
export async function readGoogleRoles(reads: Reads, names: readonly string[]): Promise<GoogleRoleFact[]> {
  return Promise.all(
    [...new Set(names)].sort().map(async (name) => {
      const { includedPermissions, deleted } = await reads.one({ api: "iam", path: `/v1/${name}` }, roleSchema);
      return { name, permissions: deleted ? [] : includedPermissions };
    }),
  );
}
