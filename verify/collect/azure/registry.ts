import { z } from "zod";
import type { AzureRegistryFact } from "../../facts-azure.ts";
import type { Reads } from "./client.ts";

const version = "2023-07-01";
const registrySchema = z.object({
  id: z.string(),
  location: z.string(),
  properties: z.object({
    adminUserEnabled: z.boolean().default(false),
    anonymousPullEnabled: z.boolean().default(false),
    encryption: z
      .object({
        status: z.string().default("disabled"),
        keyVaultProperties: z.object({ keyIdentifier: z.string() }).nullish(),
      })
      .nullish(),
  }),
});
const tokenSchema = z.object({ name: z.string(), properties: z.object({ status: z.string().default("enabled") }) });
const copySchema = z.object({ location: z.string() });

export async function readAzureRegistry(reads: Reads, id: string): Promise<AzureRegistryFact> {
  const [registry, tokens, copies] = await Promise.all([
    reads.one(id, version, registrySchema),
    reads.all(`${id}/tokens`, version, tokenSchema),
    reads.all(`${id}/replications`, version, copySchema),
  ]);
  const { adminUserEnabled, anonymousPullEnabled, encryption } = registry.properties;
  const key = encryption?.status === "enabled" ? encryption.keyVaultProperties?.keyIdentifier : undefined;
  return {
    ...{ id: registry.id, location: registry.location },
    ...{ administrator: adminUserEnabled, anonymousPulls: anonymousPullEnabled },
    ...(key ? { key } : {}),
    tokens: tokens.filter(({ properties }) => properties.status === "enabled").map(({ name }) => name),
    copies: copies.map(({ location }) => location).filter((place) => place !== registry.location),
  };
}
