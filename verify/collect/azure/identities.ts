import { z } from "zod";
import type { AzureIdentityFact } from "../../facts-azure.ts";
import type { Reads } from "./client.ts";

const version = "2023-01-31";
const identitySchema = z.object({
  id: z.string(),
  properties: z.object({ clientId: z.string(), principalId: z.string() }),
});
const credentialSchema = z.object({
  name: z.string(),
  properties: z.object({
    issuer: z.string(),
    subject: z.string().nullish(),
    audiences: z.array(z.string()).default([]),
  }),
});

/** @param subscription its id */
export async function readAzureIdentities(reads: Reads, subscription: string): Promise<AzureIdentityFact[]> {
  const path = `${subscription}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;
  const listed = await reads.all(path, version, identitySchema);
  return Promise.all(
    listed.map(async ({ id, properties: { clientId, principalId } }) => {
      const credentials = await reads.all(`${id}/federatedIdentityCredentials`, version, credentialSchema);
      return {
        ...{ id, clientId, principalId },
        credentials: credentials.map(({ name, properties: { issuer, subject, audiences } }) => ({
          ...{ name, issuer, audiences },
          ...(subject ? { subject } : {}),
        })),
      };
    }),
  );
}
