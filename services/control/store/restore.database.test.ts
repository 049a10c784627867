/**
 * The rehearsed restore: a control plane's database is lost, and an empty server gets everything back from its backup,
 * up to the moment before a mistake. On RDS the same is done by the provider: docs/runbooks/restore-database.md.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ListRequestSchema } from "../../../gen/flyteidl2/common/list_pb.js";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { evidenceFor, ofRegion } from "../../../test/support/evidence.ts";
import type { DatabaseConfig } from "../../shared/config.ts";
import { type Database, openDatabase } from "../../shared/postgres.ts";
import { archiveLog, archiving, type Restored, restore, takeBaseBackup } from "../../shared/testing/base-backup.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { startTestPostgres, type TestPostgres } from "../../shared/testing/postgres.ts";
import { listActions, readAction } from "./actions.ts";
import { actionShape, runShape } from "./fields.ts";
import { planList } from "./listing.ts";
import { migrate, readMigrations } from "./migrations.ts";
import { lease } from "./queue.ts";
import { applyReports } from "./reports.ts";
import { insertRun, listRuns, readRunSpec } from "./runs.ts";
import { ensureRuntimeRole } from "./runtime-role.ts";
import { insertTask, type NewTask, readTask } from "./tasks.ts";
import { addChild, hello, helloTask, newRun, openTestStore, type TestStore } from "./testing/fixtures.ts";

const { proves } = evidenceFor("services/restore", ofRegion);
const orgs = ["acme", "globex"] as const;
const root = { ...hello, action: "a0" };
const { project, domain, name, version, shortName, environment, spec } = helloTask;
const deployed: NewTask = {
  key: { project, domain, name, version },
  ...{ shortName, environment, spec, description: "", entrypoint: true },
  deployedBy: { subject: "someone", kind: "user" },
};

const folder = mkdtempSync(join(tmpdir(), "biplane-restore-"));
const places = { archive: join(folder, "archive"), backup: join(folder, "backup"), data: join(folder, "restored") };

let lost: TestPostgres;
let config: DatabaseConfig;
let before: Snapshot;
let spoilt: Snapshot;
let restored: Restored;

/** Everything that the services can read, as they read it; and every row, as only the owner of all could. */
interface Snapshot {
  read: Record<string, unknown>;
  rows: Record<string, string>;
}

beforeAll(async () => {
  chmodSync(folder, 0o755);
  lost = await startTestPostgres({ settings: archiving(places.archive) });
  const store = await openTestStore(lost);
  config = store.config;
  for (const org of orgs) {
    await insertRun(store.database, org, newRun(org));
    await insertTask(store.database, org, deployed);
  }

  await takeBaseBackup(lost, places.backup);
  await workAfterBackup(store);
  before = await snapshot(store.database, lost.administratorOf(config.DATABASE_NAME));
  const moment = await timeOf(lost);
  await mistake(store.database);
  spoilt = await snapshot(store.database, lost.administratorOf(config.DATABASE_NAME));
  await archiveLog(lost, places.archive);

  await store[Symbol.asyncDispose]();
  await lost.stop();
  restored = await restore({ ...places, until: moment });
}, 120_000);
afterAll(async () => {
  await restored?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Half of what is to come back is only in the log: the snapshot alone would lose it. */
async function workAfterBackup(store: TestStore): Promise<void> {
  for (const name of ["n1", "n2", "n3"]) await addChild(store, "acme", name);
  const worker = { org: "acme", cluster: "c1", worker: "w1" };
  await lease(store.database, worker, 1);
  const at = new Date("2026-01-01T00:00:01Z");
  const report = { key: root, phase: ActionPhase.RUNNING, attempt: 1, at, outputUri: "", retrying: false };
  await applyReports(store.database, worker.org, worker.cluster, [report]);
  await insertRun(store.database, "globex", newRun("globex", { ...hello, run: "late" }));
}

async function timeOf(postgres: TestPostgres): Promise<Date> {
  const [row] = await rowsOf<{ now: Date }>(postgres.administratorOf("postgres"), "select clock_timestamp() as now");
  // The moment is kept in ms here, and commits are finer.
  await sleep(50);
  return new Date((row?.now ?? new Date()).getTime() + 20);
}

async function mistake(database: Database): Promise<void> {
  for (const org of orgs) {
    await database.withOrg(org, (transaction) => transaction.query("delete from biplane.queue"));
    await database.withOrg(org, (transaction) =>
      transaction.query("update biplane.runs set output_base = 's3://wrong'"),
    );
  }
}

async function snapshot(database: Database, administrator: pg.ClientConfig): Promise<Snapshot> {
  const read: Record<string, unknown> = {};
  for (const org of orgs) {
    const runs = await listRuns(database, org, planList(create(ListRequestSchema, {}), runShape));
    const children = await listActions(database, org, hello, planList(create(ListRequestSchema, {}), actionShape));
    const task = await readTask(database, org, deployed.key);
    const action = await readAction(database, org, root);
    read[org] = { runs, children, task, action, spec: await readRunSpec(database, org, hello) };
  }
  const tables = await rowsOf<{ name: string }>(
    administrator,
    "select tablename as name from pg_tables where schemaname = 'biplane' order by 1",
  );
  const rows: Record<string, string> = {};
  for (const { name } of tables) {
    const sql = `select count(*) || ' ' || coalesce(md5(string_agg(t::text, '' order by t::text)), '') as sum from biplane.${name} t`;
    rows[name] = (await rowsOf<{ sum: string }>(administrator, sql))[0]?.sum ?? "";
  }
  return { read, rows };
}

async function rowsOf<Row extends pg.QueryResultRow>(at: pg.ClientConfig, sql: string): Promise<Row[]> {
  return withClient(at, async (client) => (await client.query<Row>(sql)).rows);
}

async function withClient<T>(at: pg.ClientConfig, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(at);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The services' own way in, to the new server: the same names, another place. */
async function withStore<T>(password: string, work: (database: Database) => Promise<T>): Promise<T> {
  const at = { ...config, DATABASE_PORT: restored.port, DATABASE_PASSWORD_FILE: password };
  const shared = openDatabase(at, "restored", recordingLog().log);
  try {
    return await work(shared);
  } finally {
    await shared.close();
  }
}

const administrator = () => ({ ...lost.administratorOf(config.DATABASE_NAME), port: restored.port });
const owner = () => ({ ...lost.ownerOf(config), port: restored.port });

test("every row of every table is back, and the store reads what it read before", async () => {
  proves(["cp-disaster-recovery"], "what the mistake had left, given to the same comparison, is not what was before");
  const after = await withStore(config.DATABASE_PASSWORD_FILE, (database) => snapshot(database, administrator()));
  expect(Object.keys(after.rows)).toEqual(expect.arrayContaining(["actions", "attempts", "queue", "runs", "tasks"]));
  expect(after).toEqual(before);
  expect(spoilt).not.toEqual(before);
  expect(before.rows.runs).toMatch(/^3 /);
  expect(before.read.acme).toMatchObject({ task: { name: "env.hello" }, action: { attempts: [{ attempt: 1 }] } });
});

test("row security still binds the runtime login", async () => {
  const theirs = await withStore(config.DATABASE_PASSWORD_FILE, (database) =>
    database.withOrg("nobody", (transaction) => transaction.query("select org from biplane.runs")),
  );
  expect(theirs).toEqual([]);
  const open = await rowsOf<{ name: string }>(
    administrator(),
    `select relname as name from pg_class join pg_namespace n on n.oid = relnamespace
     where nspname = 'biplane' and relkind = 'r' and relname <> 'migrations' and not (relrowsecurity and relforcerowsecurity)`,
  );
  expect(open).toEqual([]);
});

test("a deployment finds the schema up to date, gives the runtime login a new password, and work goes on", async () => {
  const password = "a-new-password-after-the-restore";
  await withClient(owner(), async (client) => {
    expect(await migrate(client, readMigrations(join(import.meta.dirname, "migrations")))).toEqual([]);
    await ensureRuntimeRole(client, "runtime", password);
  });
  await expect(
    withStore(config.DATABASE_PASSWORD_FILE, (database) => readAction(database, "acme", root)),
  ).rejects.toThrow(/password/);
  await withStore(password, async (database) => {
    expect(await insertRun(database, "acme", newRun("acme", { ...hello, run: "after" }))).toBe("created");
    expect(await insertRun(database, "acme", newRun("acme"))).toBe("name-taken");
    const taken = await lease(database, { org: "acme", cluster: "c1", worker: "w2" }, 10);
    expect(taken.map(({ run, action }) => `${run}/${action}`).sort()).toEqual(
      expect.arrayContaining(["after/a0", "hello/n1"]),
    );
  });
});

test("the runbook goes on RDS the ways that were rehearsed, and from another region", () => {
  proves(["cp-disaster-recovery"], "a way that is none of its headings is not found by the same search");
  const runbook = readFileSync(join(import.meta.dirname, "../../../docs/runbooks/restore-database.md"), "utf8");
  const headed = (words: RegExp) => runbook.split("\n").some((line) => line.startsWith("## ") && words.test(line));
  expect([/stop writing/i, /point-in-time/i, /second region/i, /prove it/i].map(headed)).toEqual(Array(4).fill(true));
  expect(headed(/no such way/i)).toBe(false);
});
