/**
 * What the queue costs on one Postgres, beside a queue that does nothing else (graphile-worker, fetched for this, set up
 * as it is by default; it keeps nothing of a job that has ended, where Biplane keeps the action and its attempt). What
 * either says is done is on the disk, and both have the statistics that autovacuum would make within a minute: jobs a
 * second from the call that adds one to its end, at the store and through gateway, authorization and audit, over 1, 10 and
 * 100 runs; how soon an action is leased at half of that load; and with a million actions of history. Medians of rounds in
 * which each has its turn. `node bench/control-plane.ts [ROUNDS] [JOBS]`
 */
import { createClient } from "@connectrpc/connect";
import pg from "pg";
import { plainTable } from "../cli/print.ts";
import { ActionsService } from "../gen/flyteidl2/actions/actions_service_pb.js";
import { ActionPhase } from "../gen/flyteidl2/common/phase_pb.js";
import { enqueueTask } from "../services/control/actions/testing/requests.ts";
import type { RunKey } from "../services/control/store/keys.ts";
import { queueChannel } from "../services/control/store/notify.ts";
import { type LeasedRow, lease } from "../services/control/store/queue.ts";
import { applyReports } from "../services/control/store/reports.ts";
import { insertRun } from "../services/control/store/runs.ts";
import { addChild, newRun } from "../services/control/store/testing/fixtures.ts";
import { readWhenever } from "../services/control/store/watch.ts";
import type { DatabaseConfig } from "../services/shared/config.ts";
import { startTestPostgres } from "../services/shared/testing/postgres.ts";
import { startRegionWorld } from "../services/testing/region-world.ts";
import { graphileWorker } from "./graphile-worker.ts";

const rounds = Number(process.argv[2] ?? 5);
const jobs = Number(process.argv[3] ?? 1_000);
const callers = 20;
const org = "acme";
const worker = { org, cluster: "bench", worker: "bench" };
const history = 1_000_000;

/** As a small instance of a managed database. */
const settings = { fsync: "on", synchronous_commit: "on", full_page_writes: "on", shared_buffers: "256MB" };
const postgres = await startTestPostgres({ settings });
const world = await startRegionWorld({ postgres });
const { store } = world;
const others = await postgres.database();
const other = await graphileWorker(postgres.ownerOf(others));
const signedIn = { headers: { authorization: `Bearer ${await world.signIn("acme-tasks")}` } };
const actions = createClient(ActionsService, world.transport);
const rows: [what: string, measured: string, figure: string][] = [];
let made = 0;

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** As autovacuum does in time. */
async function analyze(database: DatabaseConfig): Promise<void> {
  const client = new pg.Client(postgres.ownerOf(database));
  await client.connect();
  await client.query("analyze");
  await client.end();
}

/** So many calls, `callers` at a time. */
async function inParallel(count: number, call: (at: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const caller = async () => {
    for (let at = next++; at < count; at = next++) await call(at);
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

/** Leases as a compute plane does, woken by notifications, until the signal. */
async function working(signal: AbortSignal, take: (leased: LeasedRow[]) => Promise<void>): Promise<void> {
  const topic = { channel: queueChannel, key: org };
  const read = () => lease(store.database, worker, 100);
  for await (const leased of readWhenever(store.hub, topic, signal, read, 5_000)) {
    // As the executor sends them: those of one moment together.
    if (leased.length > 0) await take(leased);
  }
}

async function endWell(leased: LeasedRow[]): Promise<void> {
  const reports = leased.map(({ project, domain, run, action, output_base }) => ({
    ...{ key: { project, domain, run, action }, phase: ActionPhase.SUCCEEDED, attempt: 1, at: new Date() },
    ...{ outputUri: `${output_base}/${action}/1`, retrying: false },
  }));
  await applyReports(store.database, org, worker.cluster, reports);
}

/** Runs whose roots are under way, so that they may have children. */
async function openRuns(count: number): Promise<RunKey[]> {
  const keys = Array.from({ length: count }, () => ({
    project: "demo",
    domain: "development",
    run: `bench-${++made}`,
  }));
  for (const key of keys) await insertRun(store.database, org, newRun(org, key));
  const reports = keys.map((key) => ({
    ...{ key: { ...key, action: "a0" }, phase: ActionPhase.RUNNING, attempt: 1, at: new Date() },
    ...{ outputUri: "", retrying: false },
  }));
  const roots = { ...worker, worker: "roots" };
  while ((await lease(store.database, roots, 10_000)).length > 0);
  await applyReports(store.database, org, worker.cluster, reports);
  // As if their executor went on extending their leases.
  await store.database.withOrg(org, (transaction) =>
    transaction.query("update biplane.queue set due_at = now() + interval '1 day' where org = $1 and worker = $2", [
      ...[org, roots.worker],
    ]),
  );
  return keys;
}

type Add = (run: RunKey, action: string) => Promise<unknown>;
const atTheStore: Add = (run, action) => addChild(store, org, action, "a0", run);
const throughTheApi: Add = ({ run }, action) => actions.enqueue(enqueueTask(run, action), signedIn);

/** @returns jobs a second, from the first call to the last end */
async function ours(runs: RunKey[], add: Add): Promise<number> {
  const stop = new AbortController();
  let ended = 0;
  let allEnded: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    allEnded = resolve;
  });
  const worked = working(stop.signal, async (leased) => {
    await endWell(leased);
    ended += leased.length;
    if (ended >= jobs) allEnded();
  });
  const began = performance.now();
  await inParallel(jobs, async (at) => {
    const run = runs[at % runs.length];
    if (run) await add(run, `n${++made}`);
  });
  await done;
  const seconds = (performance.now() - began) / 1_000;
  stop.abort();
  await worked;
  return jobs / seconds;
}

/** One turn of each that does not count: connections are opened, statements planned and code compiled only once. */
async function warmUp(): Promise<void> {
  const runs = await openRuns(1);
  await other.jobsPerSecond(jobs, callers);
  for (const add of [atTheStore, throughTheApi]) await ours(runs, add);
}

async function compared(parallelRuns: number) {
  const seen: Record<"store" | "api" | "other", number[]> = { store: [], api: [], other: [] };
  const runs = await openRuns(parallelRuns);
  for (const database of [others, store.config]) await analyze(database);
  for (let round = 0; round < rounds; round++) {
    seen.other.push(await other.jobsPerSecond(jobs, callers));
    seen.store.push(await ours(runs, atTheStore));
    seen.api.push(await ours(runs, throughTheApi));
  }
  return { store: median(seen.store), api: median(seen.api), other: median(seen.other) };
}

/** @returns milliseconds from the end of the call that adds an action to its lease */
async function leaseDelays(rate: number): Promise<number[]> {
  const [run] = await openRuns(1);
  const added = new Map<string, number>();
  const leasedAt = new Map<string, number>();
  const stop = new AbortController();
  const ends: Promise<void>[] = [];
  // Reports go their own way: the next lease does not wait for them.
  const worked = working(stop.signal, async (leased) => {
    for (const { action } of leased) leasedAt.set(action, performance.now());
    ends.push(endWell(leased));
  });
  const began = performance.now();
  const count = Math.ceil(rate * 5);
  await inParallel(count, async (at) => {
    const due = began + (at * 1_000) / rate;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    const action = `n${++made}`;
    if (run) await atTheStore(run, action);
    added.set(action, performance.now());
  });
  while (leasedAt.size < count) await new Promise((resolve) => setTimeout(resolve, 50));
  stop.abort();
  await Promise.all([worked, ...ends]);
  return [...added].map(([action, at]) => Math.max(0, (leasedAt.get(action) ?? 0) - at)).sort((a, b) => a - b);
}

/** Actions that ended long ago, with their attempts, over a thousand runs. */
async function addHistory(): Promise<void> {
  const client = new pg.Client(postgres.ownerOf(store.config));
  await client.connect();
  await client.query("select set_config('biplane.org', $1, false)", [org]);
  const old = await openRuns(1_000);
  const names = old.map(({ run }) => run);
  await client.query(
    `insert into biplane.actions (org, project, domain, run, action, parent, action_type, action_group, task_name,
       input_uri, phase, progress, phase_at, attempt, cluster, output_uri, started_at, ended_at)
     select $1, 'demo', 'development', ($2::text[])[1 + n % 1000], 'old-' || n, 'a0', 1, '', 'env.hello',
       's3://metadata/acme/demo/development/in', 5, 0, now(), 1, 'bench', 's3://metadata/acme/demo/development/out',
       now(), now()
     from generate_series(1, $3::integer) n`,
    [org, names, history],
  );
  await client.query(
    `insert into biplane.attempts (org, project, domain, run, action, attempt, phase, phase_at, reached, cluster)
     select org, project, domain, run, action, 1, 5, now(), '{}', 'bench' from biplane.actions where action like 'old-%'`,
  );
  await client.end();
  await analyze(store.config);
  // What a million rows at once leave to be done is no part of a history that grew.
  const administrator = new pg.Client(postgres.administratorOf(store.config.DATABASE_NAME));
  await administrator.connect();
  for (const statement of ["vacuum", "checkpoint"]) await administrator.query(statement);
  await administrator.end();
}

const ratio = (one: number, base: number) => (one / base).toFixed(2);
const rate = (value: number) => `${Math.round(value)} a second`;

async function measure(): Promise<void> {
  let atOneRun = 0;
  let early = 0;
  await warmUp();
  for (const parallelRuns of [1, 10, 100]) {
    const { store: atStore, api, other: base } = await compared(parallelRuns);
    if (parallelRuns === 1) [atOneRun, early] = [atStore, atStore / base];
    const over = parallelRuns === 1 ? "one run" : `${parallelRuns} runs`;
    rows.push([`graphile-worker`, rate(base), ""]);
    rows.push([`the store, ${over}`, `${rate(atStore)}, ${ratio(atStore, base)} ×`, "≥ 1.0 ×"]);
    rows.push([`through the API, ${over}`, `${rate(api)}, ${ratio(api, base)} ×`, "≥ 0.3 ×"]);
  }
  const delays = await leaseDelays(atOneRun / 2);
  const p99 = delays[Math.floor(delays.length * 0.99)] ?? 0;
  rows.push([
    "added → leased at half load",
    `median ${median(delays).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
    "p99 < 50 ms",
  ]);
  await addHistory();
  const seen: Record<"store" | "other", number[]> = { store: [], other: [] };
  const runs = await openRuns(1);
  for (let round = 0; round < rounds; round++) {
    seen.other.push(await other.jobsPerSecond(jobs, callers));
    seen.store.push(await ours(runs, atTheStore));
  }
  // Beside the other queue again, so that what else the machine does by now is in both.
  const late = median(seen.store) / median(seen.other);
  rows.push([
    `the store, with ${history.toLocaleString("en")} actions of history`,
    `${rate(median(seen.store))}, ${ratio(early, late)} × the time`,
    "≤ 1.25 ×",
  ]);
}

try {
  await measure();
} finally {
  await other.close();
  await world.stop();
  await postgres.stop();
}
const table = plainTable(["what", "measured", "figure"]);
for (const row of rows) table.push(row);
process.stdout.write(`${table.toString()}\n${jobs} jobs a turn, ${callers} callers, median of ${rounds} rounds\n`);
