import { z } from "zod";
import type { AzureObjectsFact, AzureStorageFact } from "../../facts-azure.ts";
import { type PlacesPage, placesIn } from "../places.ts";
import type { Reads } from "./client.ts";

const version = "2023-05-01";
const texts = z.array(z.string()).default([]);
const accountSchema = z.object({
  id: z.string(),
  location: z.string(),
  properties: z.object({
    encryption: z
      .object({
        keySource: z.string().default("Microsoft.Storage"),
        keyvaultproperties: z.object({ keyvaulturi: z.string(), keyname: z.string() }).partial().nullish(),
      })
      .optional(),
    // Each is on where the API says nothing of it, but users of its own.
    allowSharedKeyAccess: z.boolean().nullish(),
    allowBlobPublicAccess: z.boolean().nullish(),
    supportsHttpsTrafficOnly: z.boolean().default(false),
    minimumTlsVersion: z.string().default("TLS1_0"),
    isLocalUserEnabled: z.boolean().nullish(),
    allowCrossTenantReplication: z.boolean().nullish(),
  }),
});
const serviceSchema = z.object({
  properties: z.object({
    isVersioningEnabled: z.boolean().nullish(),
    cors: z
      .object({ corsRules: z.array(z.object({ allowedOrigins: texts, allowedMethods: texts })).default([]) })
      .nullish(),
  }),
});
const containerSchema = z.object({
  name: z.string(),
  properties: z.object({ publicAccess: z.string().nullish() }),
});
const replicationSchema = z.object({ properties: z.object({ destinationAccount: z.string() }) });

/** @param id of the account */
export async function readAzureStorage(reads: Reads, id: string): Promise<AzureStorageFact> {
  const [account, service, containers, replications] = await Promise.all([
    reads.one(id, version, accountSchema),
    reads.one(`${id}/blobServices/default`, version, serviceSchema),
    reads.all(`${id}/blobServices/default/containers`, version, containerSchema),
    reads.all(`${id}/objectReplicationPolicies`, version, replicationSchema),
  ]);
  const { encryption, ...own } = account.properties;
  const { keyvaulturi, keyname } = encryption?.keyvaultproperties ?? {};
  const sealed = encryption?.keySource.toLowerCase() === "microsoft.keyvault" && keyvaulturi && keyname;
  const rules = service.properties.cors?.corsRules ?? [];
  return {
    ...{ id: account.id, location: account.location },
    ...(sealed ? { key: `${keyvaulturi.replace(/\/+$/, "")}/keys/${keyname}` } : {}),
    sharedKeys: own.allowSharedKeyAccess ?? true,
    publicBlobs: own.allowBlobPublicAccess ?? true,
    httpsOnly: own.supportsHttpsTrafficOnly,
    minimumTls: own.minimumTlsVersion,
    localUsers: own.isLocalUserEnabled ?? false,
    acrossTenants: own.allowCrossTenantReplication ?? true,
    replicates: replications.map(({ properties }) => properties.destinationAccount),
    versioned: service.properties.isVersioningEnabled ?? false,
    corsOrigins: rules.flatMap(({ allowedOrigins }) => allowedOrigins),
    corsMethods: rules.flatMap(({ allowedMethods }) => allowedMethods),
    containers: containers.map(({ name, properties }) => ({ name, publicAccess: properties.publicAccess ?? "None" })),
  };
}

/** Names alone; no content is asked for. @param prefixes beneath which nothing is listed */
export async function readAzureObjects(
  reads: Reads,
  container: string,
  prefixes: readonly string[],
): Promise<AzureObjectsFact> {
  const list = async (prefix: string, next?: string): Promise<PlacesPage> => {
    const query = { restype: "container", comp: "list", delimiter: "/", prefix, maxresults: "5000" };
    const body = await reads.blob(`/${encodeURIComponent(container)}`, next ? { ...query, marker: next } : query);
    if (!/<EnumerationResults[\s>]/.test(body)) throw new Error(`${container}: the answer is no list of blobs`);
    const [, marker = ""] = /<NextMarker>([^<]*)<\/NextMarker>/.exec(body) ?? [];
    return { objects: namesIn(body, "Blob"), prefixes: namesIn(body, "BlobPrefix"), next: textOf(marker) };
  };
  return { container, places: await placesIn(list, prefixes) };
}

function namesIn(body: string, kind: "Blob" | "BlobPrefix"): string[] {
  const found = body.matchAll(new RegExp(`<${kind}>\\s*<Name(?<encoded> Encoded="true")?>(?<name>[^<]*)</Name>`, "g"));
  return [...found].map(({ groups }) => {
    const name = textOf(groups?.name ?? "");
    return groups?.encoded ? decodeURIComponent(name) : name;
  });
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function textOf(xml: string): string {
  return xml.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    return hex ? String.fromCodePoint(Number.parseInt(hex, 16)) : (entities[name] ?? whole);
  });
}
