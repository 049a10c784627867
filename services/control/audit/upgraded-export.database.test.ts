/** A region whose exporter took all organisations at once, upgraded to one that takes them in turn (decision 70). */
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Database, openDatabase } from "../../shared/postgres.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { startTestPostgres, type TestPostgres } from "../../shared/testing/postgres.ts";
import { ensureExporterRole } from "../store/exporter-role.ts";
import { knownOrgs } from "../store/known-orgs.ts";
import { migrate, migrationsDirectory, readMigrations } from "../store/migrations.ts";
import { exportRound, longestLag } from "./exporter.ts";
import { keptObjects } from "./testing/kept-objects.ts";

const all = readMigrations(migrationsDirectory(undefined, `${import.meta.dirname}/../store`));
const before = all.filter(({ name }) => name < "0021");
const { log } = recordingLog();
let postgres: TestPostgres;
let owner: pg.Client;
let exporter: Database;

beforeAll(async () => {
  postgres = await startTestPostgres({ apply: async (client) => void (await migrate(client, before)) });
  const config = await postgres.database();
  owner = new pg.Client(postgres.ownerOf(config));
  await owner.connect();
  exporter = openDatabase(postgres.exporterOf(config), "export", log);
});
afterAll(async () => {
  await exporter.close();
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

it("goes on for each organisation behind what was taken of it: nothing twice, and nothing passed over", async () => {
  const start = { tx: "0", id: "0" };
  await record("acme");
  const [first] = await record("globex");
  await exportedBefore("acme", 1, [start, first]);
  await exportedBefore("globex", 1, [start, first]);
  const [second] = await record("globex");
  await exportedBefore("globex", 2, [first, second]);
  await record("initech");
  await record("acme");
  await record("globex");

  expect(await migrate(owner, all)).toEqual(all.slice(before.length).map(({ name }) => name));
  const { DATABASE_USER, DATABASE_PASSWORD_FILE } = postgres.exporterOf(await postgres.database());
  await ensureExporterRole(owner, DATABASE_USER, DATABASE_PASSWORD_FILE);
  expect(await knownOrgs(exporter)).toEqual(["acme", "globex", "initech"]);
  expect(await longestLag(exporter)).toBeGreaterThan(0);
  const kept = keptObjects();
  const deps = { put: kept.put, tellLag: async () => {}, limits: { records: 100, waitMs: 0 }, log };
  await exportRound({ database: exporter, ...deps });
  expect(kept.ids().sort()).toEqual([4, 5, 6]);
  const batches = [...kept.objects.keys()].map((key) => /org=(\w+)\/.*\/0*(\d+)-/.exec(key)?.slice(1)).sort();
  expect(batches).toEqual([
    ["acme", "2"],
    ["globex", "3"],
    ["initech", "1"],
  ]);
  expect(await longestLag(exporter)).toBe(0);
});
