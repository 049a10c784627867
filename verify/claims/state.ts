/** What is known of each claim at one commit. Pure. */
import { z } from "zod";
import { anyModel, type Evidence } from "./evidence.ts";
import type { Claim } from "./ledger.ts";

export const claimStates = ["proven", "superseded", "failing", "notEvaluated", "attestation", "open"] as const;

const count = z.int().min(0);

/** `biplane claims --json`: the six numbers sum to `total`. */
export const claimsReportSchema = z.strictObject({
  commit: z.string(),
  total: count,
  proven: count,
  superseded: count,
  failing: count,
  notEvaluated: count,
  attestation: count,
  open: count,
  claims: z.array(
    z.strictObject({
      id: z.string(),
      kind: z.enum(["read-only", "active-probe", "end-to-end", "attestation"]),
      state: z.enum(claimStates),
      by: z.array(z.string()).describe("Checks and tests that decided it"),
      at: z.string().nullable(),
      commit: z.string(),
      cloud: z.string().nullable(),
      model: z.string().nullable(),
    }),
  ),
});

export type ClaimsReport = z.infer<typeof claimsReportSchema>;

/**
 * Evidence counts for a claim only on a cloud and a model that the claim speaks of. What a decision record outdoes was
 * not shown as the documents state it, so it is superseded even where a test shows a part of it besides.
 */
export function stateOfClaims(claims: readonly Claim[], evidence: readonly Evidence[], commit: string): ClaimsReport {
  const rows = claims.map((claim) => {
    const own = evidence.filter(
      ({ claim: id, cloud, model }) =>
        id === claim.id &&
        claim.clouds.some((c) => c === cloud) &&
        (model === anyModel || claim.models.some((m) => m === model)),
    );
    const last = own.toSorted((a, b) => a.at.localeCompare(b.at)).at(-1);
    return {
      id: claim.id,
      kind: claim.kind,
      state: stateOf(claim, own),
      by: [...new Set(own.map(({ by }) => by))],
      at: last?.at ?? null,
      commit,
      cloud: last?.cloud ?? null,
      model: last?.model ?? null,
    };
  });
  const counted = Object.fromEntries(
    claimStates.map((state) => [state, rows.filter((row) => row.state === state).length]),
  );
  return claimsReportSchema.parse({ commit, total: rows.length, ...counted, claims: rows });
}

/** Claims that speak of a cloud, and what was decided there. */
export function inCloud(claims: readonly Claim[], evidence: readonly Evidence[], cloud: Claim["clouds"][number]) {
  return {
    claims: claims.filter(({ clouds }) => clouds.includes(cloud)),
    evidence: evidence.filter((one) => one.cloud === cloud),
  };
}

function stateOf(claim: Claim, own: readonly Evidence[]): (typeof claimStates)[number] {
  if (own.some(({ result }) => result === "fail")) return "failing";
  const passed = own.filter(({ result, sabotage }) => result === "pass" && sabotage);
  if (passed.some(({ decision }) => decision)) return "superseded";
  if (passed.length > 0) return "proven";
  if (own.length > 0) return "notEvaluated";
  return claim.kind === "attestation" ? "attestation" : "open";
}
