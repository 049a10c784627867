import { z } from "zod";
import type { AzureKeyFact, AzureVaultFact } from "../../facts-azure.ts";
import type { Reads } from "./client.ts";
import { lastOf, sameId } from "./places.ts";

const version = "2023-07-01";
const vaultSchema = z.object({
  id: z.string(),
  location: z.string(),
  properties: z.object({
    enableRbacAuthorization: z.boolean().nullish(),
    accessPolicies: z.array(z.object({ objectId: z.string() })).nullish(),
    enablePurgeProtection: z.boolean().nullish(),
    enableSoftDelete: z.boolean().nullish(),
    publicNetworkAccess: z.string().nullish(),
    networkAcls: z.object({ defaultAction: z.string().nullish() }).nullish(),
  }),
});
const namedSchema = z.object({ name: z.string() });
const keySchema = z.object({
  id: z.string(),
  properties: z.object({
    kty: z.string().default("not told"),
    attributes: z.object({ enabled: z.boolean().nullish() }).nullish(),
  }),
});

/** Of the whole subscription. @param holding id of the vault whose secrets are named; the API tells no value */
export async function readAzureVaults(
  reads: Reads,
  subscription: string,
  holding: string | undefined,
): Promise<AzureVaultFact[]> {
  const listed = await reads.all(`${subscription}/providers/Microsoft.KeyVault/vaults`, version, vaultSchema);
  return Promise.all(
    listed.map(async ({ id, location, properties: own }) => {
      const named =
        holding !== undefined && sameId(id, holding) ? await reads.all(`${id}/secrets`, version, namedSchema) : [];
      return {
        ...{ id, location, rbac: own.enableRbacAuthorization ?? false },
        policiesFor: (own.accessPolicies ?? []).map(({ objectId }) => objectId),
        purgeProtected: own.enablePurgeProtection ?? false,
        softDeleted: own.enableSoftDelete ?? true,
        open: own.publicNetworkAccess !== "Disabled" && own.networkAcls?.defaultAction !== "Deny",
        secrets: named.map(({ name }) => name),
      };
    }),
  );
}

/** @param urls as what is sealed names them, with a version or without */
export async function readAzureKeys(
  reads: Reads,
  vaults: readonly AzureVaultFact[],
  urls: readonly string[],
): Promise<AzureKeyFact[]> {
  return Promise.all(
    [...new Set(urls.map(keyOf))].sort().map(async (url) => {
      const [, vaultName = "", name = ""] = /^https:\/\/([^./]+)\.[^/]+\/keys\/([^/]+)$/.exec(url) ?? [];
      const vault = vaults.find(({ id }) => lastOf(id).toLowerCase() === vaultName);
      if (!vault) throw new Error(`${url} lies in none of the subscription's vaults`);
      const { id, properties } = await reads.one(`${vault.id}/keys/${name}`, version, keySchema);
      return { url, id, kind: properties.kty, enabled: properties.attributes?.enabled ?? true };
    }),
  );
}

/** Without its version; hosts have no capitals. */
export function keyOf(url: string): string {
  const [, host = "", name = ""] = /^https:\/\/([^/:]+)(?::443)?\/keys\/([^/]+)/i.exec(url) ?? [];
  return host ? `https://${host.toLowerCase()}/keys/${name}` : url;
}
