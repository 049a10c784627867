/** Claims that a place cannot decide, each with its reason: printed, never counted as proven. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { refusal } from "../shared/errors.ts";
import { findClaim } from "./claims/ledger.ts";

const limitsSchema = z.strictObject({
  limits: z.array(z.strictObject({ claim: z.string(), reason: z.string().min(10) })),
});

export type Limit = z.infer<typeof limitsSchema>["limits"][number];

export function readLimits(path: string): Limit[] {
  const parsed = limitsSchema.safeParse(parse(readFileSync(path, "utf8")));
  if (!parsed.success) {
    throw refusal({ subject: path, value: z.prettifyError(parsed.error), allowed: "limits: [{claim, reason}]" });
  }
  for (const { claim } of parsed.data.limits) {
    if (!findClaim(claim)) throw refusal({ subject: `${path}: claim`, value: claim, allowed: "an id of the ledger" });
  }
  return parsed.data.limits;
}

/** Several lists as one. A claim that two of them name has the later one's reason: it knows the place better. */
export function joinLimits(lists: readonly (readonly Limit[])[]): Limit[] {
  return [...new Map(lists.flat().map((limit) => [limit.claim, limit])).values()];
}
