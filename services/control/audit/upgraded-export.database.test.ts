/** A region whose exporter took all organisations at once, upgraded to one that takes them in turn (decision 70). */
import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { DatabaseConfig } from "../../shared/config.ts";
import { clientConfig, type Database, openDatabase } from "../../shared/postgres.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { startTestPostgres, type TestPostgres } from "../../shared/testing/postgres.ts";
import { ensureExporterRole } from "../store/exporter-role.ts";
import { knownOrgs } from "../store/known-orgs.ts";
import { migrate, migrationsDirectory, readMigrations } from "../store/migrations.ts";
import { type ExportRow, planObjects } from "./export-plan.ts";
import { exportRound, longestLag } from "./exporter.ts";
import { databaseSink } from "./records.ts";
import { keptObjects } from "./testing/kept-objects.ts";

const all = readMigrations(migrationsDirectory(undefined, `${import.meta.dirname}/../store`));
const before = all.filter(({ name }) => name < "0021");
const { log } = recordingLog();
let postgres: TestPostgres;
let config: DatabaseConfig;
let owner: pg.Client;
let runtime: Database;
let exporter: Database;

beforeEach(async () => {
  postgres = await startTestPostgres({ apply: async (client) => void (await migrate(client, before)) });
  config = await postgres.database();
  owner = new pg.Client(postgres.ownerOf(config));
  await owner.connect();
  runtime = openDatabase(config, "runtime", log);
  exporter = openDatabase(postgres.exporterOf(config), "export", log);
});
afterEach(async () => {
  await exporter.close();
  await runtime.close();
  await owner.end();
  await postgres.stop();
});

async function as(org: string, statement: string, values: unknown[] = []) {
  await owner.query("select set_config('biplane.org', $1, false)", [org]);
  return (await owner.query(statement, values)).rows;
}

const record = (org: string) =>
  as(
    org,
    `insert into biplane.audit_records (org, subject, subject_kind, operation, resource, decision, reason, request_id)
     values ($1, 'ann', 'user', 'a.B/C', '', 'allowed', '', 'r') returning tx::text as tx, id`,
    [org],
  );

/** As the older exporter wrote it down: one batch of all organisations, and how far all of them were taken. */
const exportedBefore = (org: string, batch: number, [after, last]: { tx: string; id: string }[]) =>
  as(
    org,
    `insert into biplane.audit_exports
       (org, batch, hour, key, sha256, records, oldest_at, after_tx, after_id, last_tx, last_id, stored_at)
     values ($1, $2, date_trunc('hour', now()), 'k', repeat('0', 64), 1, now(), $3::xid8, $4, $5::xid8, $6, now())`,
    [org, batch, after?.tx, after?.id, last?.tx, last?.id],
  );

/** What the older one had planned, and was killed before it stored it. */
async function plannedBefore(org: string, batch: number, [after, last]: { tx: string; id: string }[]) {
  const rows = (await as(
    org,
    "select * from biplane.audit_records where (tx, id) > ($1::xid8, $2) and (tx, id) <= ($3::xid8, $4) order by tx, id",
    [after?.tx, after?.id, last?.tx, last?.id],
  )) as ExportRow[];
  for (const { hour, key, sha256, records, oldestAt } of planObjects(BigInt(batch), rows))
    await as(
      org,
      `insert into biplane.audit_exports
         (org, batch, hour, key, sha256, records, oldest_at, after_tx, after_id, last_tx, last_id)
       values ($1, $2, $3, $4, $5, $6, $7, $8::xid8, $9, $10::xid8, $11)`,
      [org, batch, hour, key, sha256, records, oldestAt, after?.tx, after?.id, last?.tx, last?.id],
    );
}

/** In the midst of it an exporter of the older build reads both tables, one after the other. */
async function migrateBesideExporter(): Promise<string[]> {
  const older = new pg.Client(clientConfig(postgres.exporterOf(config), "older"));
  await older.connect();
  await older.query("begin; set local biplane.audit_export = 'on'; select 1 from biplane.audit_exports limit 1");
  const migrated = migrate(owner, all);
  const waits = async () =>
    (await older.query("select count(*)::integer as n from pg_locks where not granted")).rows[0].n;
  await expect.poll(waits, { timeout: 10_000 }).toBeGreaterThan(0);
  // Beyond the second after which Postgres looks for who waits for whom.
  await setTimeout(1_500);
  await older.query("select 1 from biplane.audit_records limit 1; commit");
  await older.end();
  return migrated;
}

it("goes on for each organisation behind what was taken of it: nothing twice, and nothing passed over", async () => {
  const start = { tx: "0", id: "0" };
  await record("acme");
  const [first] = await record("globex");
  await exportedBefore("acme", 1, [start, first]);
  await exportedBefore("globex", 1, [start, first]);
  const [second] = await record("globex");
  await exportedBefore("globex", 2, [first, second]);
  await record("initech");
  const [third] = await record("acme");
  await plannedBefore("initech", 3, [second, third]);
  await plannedBefore("acme", 3, [second, third]);
  await record("acme");
  await record("globex");

  expect(await migrateBesideExporter()).toEqual(all.slice(before.length).map(({ name }) => name));
  // Before any login is given its rights anew: those who serve meanwhile can write.
  await databaseSink(runtime)(
    { org: "hooli", subject: "ann", kind: "user", role: "admin", token: "" },
    { operation: "a.B/C", resource: "p/d/n", decision: "allowed", reason: "", requestId: "r" },
  );
  const { DATABASE_USER, DATABASE_PASSWORD_FILE } = postgres.exporterOf(config);
  await ensureExporterRole(owner, DATABASE_USER, DATABASE_PASSWORD_FILE);
  expect(await knownOrgs(exporter)).toEqual(["acme", "globex", "hooli", "initech"]);
  expect(await longestLag(exporter)).toBeGreaterThan(0);
  const kept = keptObjects();
  const deps = { put: kept.put, tellLag: async () => {}, limits: { records: 100, waitMs: 0 }, log };
  const round = async () => {
    expect(await exportRound({ database: exporter, ...deps })).toMatchObject({ failed: false });
    return kept.ids().sort();
  };
  await expect.poll(round, { timeout: 60_000 }).toEqual([4, 5, 6, 7, 8]);
  const batches = [...kept.objects.keys()].map((key) => /org=(\w+)\/.*\/0*(\d+)-/.exec(key)?.slice(1)).sort();
  expect(batches).toEqual([
    ["acme", "3"],
    ["acme", "4"],
    ["globex", "3"],
    ["hooli", "1"],
    ["initech", "3"],
  ]);
  expect(await longestLag(exporter)).toBe(0);
});
