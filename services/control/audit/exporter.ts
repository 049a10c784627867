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
/** Rounds are so many times as far apart as they take, within bounds. */
const restShare = 4;
const mostRestMs = 10_000;
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
    const began = performance.now();
    try {
      const { failed, full } = await exportRound(deps, signal);
      if (failed) await pause(afterFailureMs, signal);
      // Of many organisations it is not asked without rest; where as much came as is taken at once there is more.
      else if (!full) await pause(restAfter(performance.now() - began), signal);
    } catch (error) {
      deps.log.warn("audit records cannot be exported and will be tried again", { error });
      await pause(afterFailureMs, signal);
    }
  }
}

const restAfter = (tookMs: number) => Math.min(mostRestMs, Math.max(everyMs, restShare * tookMs));

export interface Round {
  /** That it stored. */
  objects: number;
  /** Whether it took as many records of somebody's as it may at once. */
  full: boolean;
  /** Whether anything of anybody's could not be taken. */
  failed: boolean;
}

/** Each organisation in turn, several at once. One that fails is told of, and keeps no other from its turn. */
export async function exportRound(deps: ExporterDeps, signal?: AbortSignal): Promise<Round> {
  const orgs = (await knownOrgs(deps.database)).values();
  const round: Round = { objects: 0, full: false, failed: false };
  const lane = async () => {
    for (const org of orgs) {
      if (signal?.aborted) return;
      try {
        await exportOrg(deps, org, round, signal);
      } catch (error) {
        round.failed = true;
        deps.log.warn("audit records cannot be exported and will be tried again", { org, error });
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return round;
}

/** What was planned before, by whomever, is stored before anything else is planned. */
async function exportOrg(deps: ExporterDeps, org: string, round: Round, signal?: AbortSignal): Promise<void> {
  const plan = () => planBatch(deps.database, org, deps.limits);
  let planned = await plan();
  if (planned === "others") {
    await storeAll(deps, org, round, signal);
    if (!signal?.aborted) planned = await plan();
  }
  if (typeof planned === "string") return;
  if (planned.records >= deps.limits.records) round.full = true;
  await storeAll(deps, org, round, signal);
}

async function storeAll({ database, put, log }: ExporterDeps, org: string, round: Round, signal?: AbortSignal) {
  for (let one = await storeOne(database, org, put); one; one = await storeOne(database, org, put)) {
    log.info("audit records are in the bucket", { ...one });
    exported.add({}, one.records);
    round.objects += 1;
    if (signal?.aborted) return;
  }
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
