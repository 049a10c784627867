/**
 * Of several replicas one works. Who holds the Lease renews it; who does not takes it over once it has stood unchanged
 * for its whole length by its own clock, so that clocks need not agree. Every write names the version that it changes.
 *
 * A leader that was frozen may act for a moment beside its successor: that is harmless, since statuses are written
 * against a version, and pods and resources have names of their own.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../shared/log.ts";
import { pause } from "../../shared/pause.ts";

export interface LeaseRecord {
  /** Empty where nobody holds it. */
  holder: string;
  /** How often it changed hands. */
  transitions: number;
  /** Changes with every write. */
  version: string;
}

export interface LeaseStore {
  read(): Promise<LeaseRecord>;
  /** @returns the record as it stands now, or undefined where another was faster: `version` is no longer the present one. */
  write(next: LeaseRecord): Promise<LeaseRecord | undefined>;
}

export interface ElectionOptions {
  store: LeaseStore;
  /** Of this process, and of no other ever. */
  identity: string;
  /** Works until the signal aborts. Its error ends the election. */
  lead(signal: AbortSignal): Promise<void>;
  log: Logger;
  times?: Partial<ElectionTimes>;
  /** Milliseconds that only grow. */
  now?(): number;
}

export interface ElectionTimes {
  /** Unchanged for so long, the Lease is free. @default 30000 */
  leaseMs: number;
  /** Not renewed for so long, the leader stops by itself. @default 20000 */
  renewWithinMs: number;
  /** Between two tries. @default 4000 */
  everyMs: number;
}

export interface Election {
  /** Throws while the Lease cannot be read. */
  ready(): Promise<void>;
  /** Ends the work, then gives the Lease back, so that another need not wait for it. */
  stop(): Promise<void>;
}

/** Pods go on meanwhile, so a slow API server had better not make leaders change. */
const defaultTimes: ElectionTimes = { leaseMs: 30_000, renewWithinMs: 20_000, everyMs: 4_000 };

/** `unknown`: the Lease could not be reached. */
type Held = "held" | "taken" | "unknown";

export function startElection(options: ElectionOptions): Election {
  const { store, identity, lead, log, now = () => performance.now() } = options;
  const times: ElectionTimes = { ...defaultTimes, ...options.times };
  const stopping = new AbortController();
  let seen: { version: string; at: number } | undefined;
  let heardAt: number | undefined;

  async function hold(): Promise<Held> {
    const record = await store.read();
    heardAt = now();
    if (seen?.version !== record.version) seen = { version: record.version, at: now() };
    const mine = record.holder === identity;
    if (!mine && record.holder !== "" && now() - seen.at < times.leaseMs) return "taken";
    const transitions = record.transitions + (mine ? 0 : 1);
    return (await store.write({ holder: identity, transitions, version: record.version })) ? "held" : "taken";
  }

  async function tryHold(): Promise<Held> {
    // A connection that is cut without a word answers never, and the leader must know by then.
    const unanswered = sleep(times.renewWithinMs / 2, undefined, { ref: false }).then(() => {
      throw new Error("no answer");
    });
    try {
      return await Promise.race([hold(), unanswered]);
    } catch (error) {
      log.warn("the lease could not be read or renewed", { error });
      return "unknown";
    }
  }

  async function term(): Promise<void> {
    const ending = new AbortController();
    const work = lead(AbortSignal.any([stopping.signal, ending.signal]));
    const over = work.finally(() => ending.abort());
    const renewing = (async () => {
      for (let renewedAt = now(); !stopping.signal.aborted && !ending.signal.aborted; ) {
        await pause(times.everyMs, AbortSignal.any([stopping.signal, ending.signal]));
        const held = await tryHold();
        if (held === "held") renewedAt = now();
        if (held === "taken" || now() - renewedAt >= times.renewWithinMs) ending.abort();
      }
    })();
    await Promise.all([over, renewing]);
  }

  const running = (async () => {
    while (!stopping.signal.aborted) {
      if ((await tryHold()) === "held") {
        log.info("elected", { identity });
        await term();
        log.info("no longer elected", { identity });
      }
      await pause(times.everyMs, stopping.signal);
    }
  })();
  running.catch((error: unknown) => log.error("the election has ended by an error", { error }));

  return {
    ready: async () => {
      if (heardAt === undefined || now() - heardAt > times.leaseMs) throw new Error("the lease cannot be read");
    },
    async stop() {
      stopping.abort();
      await running;
      try {
        const record = await store.read();
        if (record.holder === identity) await store.write({ ...record, holder: "" });
      } catch (error) {
        // It runs out by itself.
        log.warn("the lease could not be given back", { error });
      }
    },
  };
}
