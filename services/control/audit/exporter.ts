/** Takes audit records out of the database as they come. Any number of replicas do so at once: they share the objects. */
import type { Logger } from "../../shared/log.ts";
import { counter, gauge } from "../../shared/metrics.ts";
import { pause } from "../../shared/pause.ts";
import type { Database } from "../../shared/postgres.ts";
import { exportLag, type PlanLimits, type Put, planBatch, type Stored, storeOne } from "./exports.ts";

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
const afterFailureMs = 5_000;
const tellEveryMs = 60_000;
/** Objects on their way at once, each holding a connection of the pool. */
const lanes = 4;

export function startExporter(deps: ExporterDeps): Exporter {
  const stop = new AbortController();
  const unwatch = lag.readAll(async () => [[{}, (await exportLag(deps.database)) / 1_000]]);
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
      // Where there was something there may be more.
      if ((await exportRound(deps, signal)) === 0) await pause(everyMs, signal);
    } catch (error) {
      deps.log.warn("audit records cannot be exported and will be tried again", { error });
      await pause(afterFailureMs, signal);
    }
  }
}

/** First what was planned and is not stored, by whomever. @returns how many objects it stored */
export async function exportRound(deps: ExporterDeps, signal?: AbortSignal): Promise<number> {
  const before = await storeAll(deps, signal);
  if (signal?.aborted) return before;
  const planned = await planBatch(deps.database, deps.limits);
  return typeof planned === "string" ? before : before + (await storeAll(deps, signal));
}

/** Each lane ends before the first failure is thrown on: none is left that holds a row. */
async function storeAll({ database, put, log }: ExporterDeps, signal?: AbortSignal): Promise<number> {
  const lane = async () => {
    const stored: Stored[] = [];
    for (let one = await storeOne(database, put); one; one = await storeOne(database, put)) {
      log.info("audit records are in the bucket", { ...one });
      exported.add({}, one.records);
      stored.push(one);
      if (signal?.aborted) break;
    }
    return stored.length;
  };
  const ends = await Promise.allSettled(Array.from({ length: lanes }, lane));
  let count = 0;
  for (const end of ends) {
    if (end.status === "rejected") throw end.reason;
    count += end.value;
  }
  return count;
}

/** Apart from the export: what hangs must be told of. */
async function tellAll({ database, tellLag, log }: ExporterDeps, signal: AbortSignal): Promise<void> {
  let silent = false;
  while (!signal.aborted) {
    try {
      await tellLag(await exportLag(database));
      silent = false;
    } catch (error) {
      // Who waits for it is alarmed by silence; one line is enough here.
      if (!silent) log.warn("the lag of the audit's export cannot be told", { error });
      silent = true;
    }
    await pause(tellEveryMs, signal);
  }
}
