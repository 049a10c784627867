/** The 271 claims of the documents: one list, read from one file. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const claimSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  /** Document, line and section. */
  source: z.string(),
  statement: z.string(),
  plane: z.enum(["control", "data", "both"]),
  clouds: z.array(z.enum(["aws", "gcp", "azure"])).min(1),
  models: z.array(z.enum(["byoc", "self-managed"])).min(1),
  kind: z.enum(["read-only", "active-probe", "end-to-end", "attestation"]),
});

const ledgerSchema = z.strictObject({
  claims: z.array(claimSchema),
  /** Rows of the documents that restate another row: alias → what it restates. */
  aliases: z.record(z.string(), z.array(z.string())),
});

export type Claim = z.infer<typeof claimSchema>;

export const ledger = ledgerSchema.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, "ledger.json"), "utf8")) as unknown,
);

export function findClaim(id: string): Claim | undefined {
  return ledger.claims.find((claim) => claim.id === id);
}
