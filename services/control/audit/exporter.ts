/** Takes audit records out of the database as they come. Any number of replicas do so at once: they share the organisations. */
import type { Logger } from "../../shared/log.ts";
import { counter, gauge } from "../../shared/metrics.ts";
import { pause } from "../../shared/pause.ts";
import type { Database } from "../../shared/postgres.ts";
import { knownOrgs } from "../store/known-orgs.ts";
import { exportLag, type PlanLimits, type Put, planBatch, storeOne } from "./exports.ts";

export interface ExporterDeps {
  database: Database;
  put: Put;
  /** Tells somebody how far behind the bucket is, in milliseconds. */
  tellLag: (lagMs: number) => Promise<void>;
  limits: PlanLimits;
  log: Logger;
}

export interface Exporter {
  /** Returns when what is being stored has been. */
  close(): Promise<void>;
}

const lag = gauge("biplane_audit_export_lag_seconds", "How old the oldest record is that is not in the bucket", {});
const exported = counter("biplane_audit_exported_records_total", "Records that were put into the bucket", {});

const everyMs = 1_000;
/** Rounds that find nothing are so many times as far apart as they take. */
const idleShare = 4;
const afterFailureMs = 5_000;
const tellEveryMs = 60_000;
/** Organisations at once, each holding a connection of the pool. */
const lanes = 4;

export function startExporter(deps: ExporterDeps): Exporter {
  const stop = new AbortController();
  const unwatch = lag.readAll(async () => [[{}, (await longestLag(deps.database)) / 1_000]]);
  const done = Promise.all([exportAll(deps, stop.signal), tellAll(deps, stop.signal)]);
  return {
    async close() {
      stop.abort();
      unwatch();
      await done;
    },
  };
}

async function exportAll(deps: ExporterDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const began = performance.now();
      // Where there was something there may be more. Of many organisations, that nothing came is not asked all the time.
      if ((await exportRound(deps, signal)) === 0)
        await pause(Math.max(everyMs, idleShare * (performance.now() - began)), signal);
    } catch (error) {
      deps.log.warn("audit records cannot be exported and will be tried again", { error });
      await pause(afterFailureMs, signal);
    }
  }
}

/**
 * Each organisation in turn, several at once. One that fails keeps no other from its turn.
 * @returns how many objects it stored
 * @throws once all had theirs: the failure, or how many there were and the first of them
 */
export async function exportRound(deps: ExporterDeps, signal?: AbortSignal): Promise<number> {
  const orgs = (await knownOrgs(deps.database)).values();
  const failures: unknown[] = [];
  let stored = 0;
  const lane = async () => {
    for (const org of orgs) {
      if (signal?.aborted) return;
      try {
        stored += await exportOrg(deps, org, signal);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const [failure, ...more] = failures;
  if (more.length > 0) throw new Error(`for ${failures.length} organisations, of which the first`, { cause: failure });
  if (failure !== undefined) throw failure;
  return stored;
}

/** What was planned before, by whomever, is stored before anything else is planned. */
async function exportOrg(deps: ExporterDeps, org: string, signal?: AbortSignal): Promise<number> {
  const plan = () => planBatch(deps.database, org, deps.limits);
  const planned = await plan();
  if (planned === "nothing") return 0;
  const stored = await storeAll(deps, org, signal);
  if (planned !== "others" || signal?.aborted) return stored;
  return typeof (await plan()) === "string" ? stored : stored + (await storeAll(deps, org, signal));
}

async function storeAll({ database, put, log }: ExporterDeps, org: string, signal?: AbortSignal): Promise<number> {
  let count = 0;
  for (let one = await storeOne(database, org, put); one; one = await storeOne(database, org, put)) {
    log.info("audit records are in the bucket", { ...one });
    exported.add({}, one.records);
    count += 1;
    if (signal?.aborted) break;
  }
  return count;
}

/** Milliseconds since the oldest record of anybody's that is in no object yet; 0 where all are. */
export async function longestLag(database: Database): Promise<number> {
  let longest = 0;
  for (const org of await knownOrgs(database)) longest = Math.max(longest, await exportLag(database, org));
  return longest;
}

/** Apart from the export: what hangs must be told of. */
async function tellAll({ database, tellLag, log }: ExporterDeps, signal: AbortSignal): Promise<void> {
  let silent = false;
  while (!signal.aborted) {
    try {
      await tellLag(await longestLag(database));
      silent = false;
    } catch (error) {
      // Who waits for it is alarmed by silence; one line is enough here.
      if (!silent) log.warn("the lag of the audit's export cannot be told", { error });
      silent = true;
    }
    await pause(tellEveryMs, signal);
  }
}
