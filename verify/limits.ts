/** Claims that a place cannot decide, each with its reason: printed, never counted as proven. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { refusal } from "../shared/errors.ts";
import { findClaim } from "./claims/ledger.ts";

const limitsSchema = z.strictObject({
  limits: z.array(z.strictObject({ claim: z.string(), reason: z.string().min(10) })),
  standIns: z.array(z.strictObject({ for: z.string().min(1), is: z.string().min(10) })).default([]),
});

type Limits = z.infer<typeof limitsSchema>;
export type Limit = Limits["limits"][number];
/** What judged there in the place of the real thing: told, since whatever passed passed before it. */
export type StandIn = Limits["standIns"][number];

export function readLimits(path: string): Limit[] {
  const { limits } = readFile(path);
  for (const { claim } of limits) {
    if (!findClaim(claim)) throw refusal({ subject: `${path}: claim`, value: claim, allowed: "an id of the ledger" });
  }
  return limits;
}

export function readStandIns(path: string): StandIn[] {
  return readFile(path).standIns;
}

function readFile(path: string): Limits {
  const parsed = limitsSchema.safeParse(parse(readFileSync(path, "utf8")));
  if (parsed.success) return parsed.data;
  const allowed = "limits: [{claim, reason}], and standIns: [{for, is}]";
  throw refusal({ subject: path, value: z.prettifyError(parsed.error), allowed });
}

/** Several lists as one. A claim that two of them name has the later one's reason: it knows the place better. */
export function joinLimits(lists: readonly (readonly Limit[])[]): Limit[] {
  return [...new Map(lists.flat().map((limit) => [limit.claim, limit])).values()];
}
