/** What is told of tunnels and of the work on them: by listed words, no host or id among them. */
import { counter, gauge, secondsSince } from "../../shared/metrics.ts";
import { CloudflareError, tunnelStates } from "./api.ts";

/** `gone`: deleted at Cloudflare, or unknown to it. `unknown`: it could not be asked. */
const states = [...tunnelStates, "gone", "unknown"] as const;
export type TunnelState = (typeof states)[number];

const reasons = ["refused", "not_found", "rate_limited", "failed", "no_answer", "malformed"] as const;

const tunnels = gauge("biplane_cloudflare_tunnels", "Tunnels of Cloudflare that the stack has, by how they stand", {
  status: states,
});
const age = gauge("biplane_tunnels_reconciled_age_seconds", "Since all tunnels were last seen and put right", {});
export const repairs = counter("biplane_tunnel_repairs_total", "What was put right, or could not be", {
  what: ["route", "record"],
  outcome: ["done", "failed"],
});
export const failures = counter("biplane_cloudflare_failures_total", "Calls of Cloudflare's API that came to nothing", {
  reason: reasons,
});

export function reasonOf(error: unknown): (typeof reasons)[number] {
  if (!(error instanceof CloudflareError)) return "no_answer";
  const { status, malformed } = error;
  if (malformed) return "malformed";
  if (status === 0) return "no_answer";
  if (status === 401 || status === 403) return "refused";
  if (status === 404) return "not_found";
  return status === 429 ? "rate_limited" : "failed";
}

export interface Standing {
  /** By tunnel. */
  states: ReadonlyMap<string, TunnelState>;
  /** When the last whole round ended: a `performance.now()`. */
  wholeAt: number;
}

/** @returns what ends it */
export function tellStanding(standing: Standing): () => void {
  const ends = [
    tunnels.readAll(async () => [...standing.states.values()].map((status) => [{ status }, 1] as const)),
    age.read({}, () => secondsSince(standing.wholeAt)),
  ];
  return () => {
    for (const end of ends) end();
  };
}
