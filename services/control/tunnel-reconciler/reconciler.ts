/** Round after round over all tunnels. Any number of replicas may do so at once: each repair is the same, whoever makes it. */
import { messageOf } from "../../../shared/errors.ts";
import { RestError } from "../../../shared/rest.ts";
import type { Logger } from "../../shared/log.ts";
import { pause } from "../../shared/pause.ts";
import type { Cloudflare } from "./api.ts";
import type { DesiredTunnel } from "./desired.ts";
import { failures, reasonOf, type TunnelState, tellStanding } from "./metrics.ts";
import { reconcileTunnel } from "./reconcile.ts";

export interface ReconcilerOptions {
  api: Cloudflare;
  tunnels: readonly DesiredTunnel[];
  /** Of a round that goes well, from the end of one to the begin of the next, at most. */
  everyMs: number;
  log: Logger;
}

export interface Reconciler {
  /** Returns when nothing is under way any more. */
  close(): Promise<void>;
}

/** Of what is wanted for every tunnel alike: the others need not be asked. */
const concernsAll = new Set([401, 403, 429]);
const longestFactor = 8;

export function startReconciler({ api, tunnels, everyMs, log }: ReconcilerOptions): Reconciler {
  const stop = new AbortController();
  const { signal } = stop;
  const states = new Map<string, TunnelState>(tunnels.map(({ tunnelId }) => [tunnelId, "unknown"]));
  const standing = { states, wholeAt: performance.now() };
  const untell = tellStanding(standing);
  const trouble = tellChanges(log);

  /** @returns the error of the last one that could not be seen or put right, if any */
  async function round(): Promise<unknown> {
    let failed: unknown;
    for (const desired of tunnels) {
      const { tunnelId, host } = desired;
      if (failed instanceof RestError && concernsAll.has(failed.status)) {
        states.set(tunnelId, "unknown");
        continue;
      }
      try {
        const state = await reconcileTunnel(api, desired, { log, signal });
        states.set(tunnelId, state);
        trouble(host, state === "gone" ? gone : undefined, { tunnelId });
      } catch (error) {
        if (signal.aborted) return failed;
        failed = error;
        states.set(tunnelId, "unknown");
        failures.add({ reason: reasonOf(error) });
        trouble(host, whatToDo(error), { tunnelId, error });
      }
    }
    return failed;
  }

  async function run(): Promise<void> {
    for (let failed = 0; !signal.aborted; ) {
      const error = await round();
      if (error === undefined) standing.wholeAt = performance.now();
      failed = error === undefined ? 0 : failed + 1;
      await pause(waitMs(everyMs, failed, error), signal);
    }
  }

  const done = run();
  return {
    async close() {
      stop.abort();
      untell();
      await done;
    },
  };
}

/** Never longer than `everyMs` while all goes well, and not all replicas at one time. */
export function waitMs(everyMs: number, failed: number, error: unknown): number {
  const asked = error instanceof RestError ? error.retryAfterMs : 0;
  return Math.max(asked, everyMs * Math.min(2 ** failed, longestFactor) * (0.8 + 0.2 * Math.random()));
}

const gone =
  "the tunnel is gone from Cloudflare, and its connector's token with it: run `up` of the region, which makes another, then of the customer";

function whatToDo(error: unknown): string {
  switch (reasonOf(error)) {
    case "refused":
      return "Cloudflare refuses the token: it needs Cloudflare Tunnel:Edit of the account and DNS:Edit of the zone; set biplane:tunnelReconcilerToken";
    case "rate_limited":
      return "Cloudflare wants to be asked less often: rounds come later until it answers";
    default:
      return "a tunnel could not be looked at, or not be put right, and will be tried again";
  }
}

/** Tells a trouble once, and again when it is another one or over. */
function tellChanges(log: Logger) {
  const told = new Map<string, string>();
  return (host: string, what: string | undefined, fields: { tunnelId: string; error?: unknown }): void => {
    const text = what && `${what} ${fields.error === undefined ? "" : messageOf(fields.error)}`;
    if (text === told.get(host)) return;
    if (what === undefined || text === undefined) {
      told.delete(host);
      log.info("a tunnel can be kept again", { host, ...fields });
      return;
    }
    told.set(host, text);
    log.error(what, { host, ...fields });
  };
}
