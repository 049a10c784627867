/** What the region does by itself, for all organisations: each of its statements is within one, or learns names of them. */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evidenceFor, ofRegion } from "../test/support/evidence.ts";
import { readLoad } from "./control/actions/queue-load.ts";
import { endDue } from "./control/actions/timeouts.ts";
import { exportRound, longestLag } from "./control/audit/exporter.ts";
import { databaseSink } from "./control/audit/records.ts";
import { keptObjects } from "./control/audit/testing/kept-objects.ts";
import { fireDue } from "./control/runs/scheduler.ts";
import { insertRun } from "./control/store/runs.ts";
import {
  addChild,
  addCondition,
  addTrigger,
  newRun,
  openTestStore,
  type TestStore,
} from "./control/store/testing/fixtures.ts";
import { type Database, openDatabase } from "./shared/postgres.ts";
import { recordingLog } from "./shared/testing/log.ts";
import { sharedPostgres } from "./shared/testing/shared-postgres.ts";
import { type Statement, watchedDatabase } from "./shared/testing/watched-database.ts";

const { proves } = evidenceFor("services/one-organisation", ofRegion);
const orgs = ["acme", "globex"] as const;
const { log } = recordingLog();

let store: TestStore;
let exporter: Database;
let owner: pg.Client;
let database: Database;
const made: Statement[] = [];
const hear = (one: Statement) => void made.push(one);

beforeAll(async () => {
  const postgres = sharedPostgres();
  store = await openTestStore(postgres);
  exporter = watchedDatabase(openDatabase(postgres.exporterOf(store.config), "export", log), hear);
  database = watchedDatabase(store.database, hear);
  owner = new pg.Client(postgres.ownerOf(store.config));
  await owner.connect();
  const keep = databaseSink(store.database);
  const entry = { operation: "a.B/C", resource: "p/d/n", decision: "allowed" as const, reason: "", requestId: "r" };
  for (const org of orgs) {
    await insertRun(store.database, org, newRun(org));
    await addChild(store, org, "n1");
    await addCondition(store, org, "c1");
    await addTrigger(store, org);
    await keep({ org, subject: "ann", kind: "user", role: "admin", token: "" }, entry);
  }
});
afterAll(async () => {
  await owner.end();
  await exporter.close();
  await store[Symbol.asyncDispose]();
});

/** Asks which organisations there are, or where something is due, and nothing else. */
const ofNames =
  /^select org from biplane\.(?:known_orgs|trigger_orgs|condition_orgs)(?: where due_at <= \$1)? order by \w+$/;

/** Statements that are neither within one organisation nor ask for the names of all. */
const spanning = (statements: readonly Statement[]) =>
  statements.filter(({ settings, text }) => {
    const { "biplane.org": org, ...more } = settings;
    // Whoever changes the setting amid a transaction is in two.
    if (/\bset_config\b|^\s*set\b/i.test(text)) return true;
    if (Object.keys(more).length === 0) return !org;
    return JSON.stringify(settings) !== `{"biplane.scheduler":"on"}` || !ofNames.test(text);
  });
const namedBy = (statements: readonly Statement[]) =>
  [...new Set(statements.flatMap(({ settings }) => settings["biplane.org"] ?? []))].sort();

describe("the region's own rounds, for two organisations", () => {
  const bucket = keptObjects();
  const deps = () => ({
    database: exporter,
    put: bucket.put,
    tellLag: async () => {},
    limits: { records: 100, waitMs: 0 },
    log,
  });
  it.each<[string, () => Promise<unknown>]>([
    ["fire triggers", () => fireDue({ database, audit: databaseSink(database), log }, new Date())],
    ["end conditions", () => endDue({ database, log }, new Date())],
    ["count what is queued", () => readLoad(database)],
    ["tell how late the audit's export is", () => longestLag(exporter)],
    [
      "take audit records out",
      async () => {
        const stored = () => [...new Set([...bucket.objects.keys()].map((key) => /org=(\w+)/.exec(key)?.[1]))].sort();
        await expect.poll(() => exportRound(deps()).then(stored), { timeout: 60_000 }).toEqual(orgs);
      },
    ],
  ])("%s within one at a time", async (_what, round) => {
    proves(
      ["tenant-no-internal-cross-org-path"],
      "what asked all of them at once before, given to the same judgement, is found",
    );
    made.length = 0;
    await round();
    expect(namedBy(made)).toEqual(orgs);
    expect(spanning(made)).toEqual([]);
    const before: Statement[] = [
      { settings: { "biplane.audit_export": "on" }, text: "select r.org, r.id from biplane.audit_records r" },
      { settings: {}, text: "select waiting, leased, oldest_seconds from biplane.queue_load()" },
      { settings: { "biplane.scheduler": "on" }, text: "select org, name from biplane.triggers" },
      { settings: { "biplane.org": "acme" }, text: "select set_config('biplane.org', $1, true)" },
    ];
    expect(spanning([...made, ...before])).toEqual(before);
  });
});

describe("the region's database", () => {
  it("has no way past it: no policy, function or view shows rows of several organisations, but their names", async () => {
    proves(
      ["tenant-no-internal-cross-org-path"],
      "a policy, a function and a view that would are each found by the same judgement",
    );
    expect(await openings()).toEqual([]);
    for (const [statement, found] of [
      ["create policy all_of_them on biplane.runs for select using (true)", "biplane.runs: all_of_them"],
      [
        "create function biplane.count_runs() returns bigint language sql security definer as 'select count(*) from biplane.runs'",
        "biplane.count_runs: runs as its owner",
      ],
      ["create view biplane.all_runs as select * from biplane.runs", "biplane.all_runs: a view"],
      ["alter table biplane.known_orgs add column people integer", "biplane.known_orgs: scheduler"],
      ["drop index biplane.session_secrets_secret", "biplane.session_secrets: sign_in"],
      ["alter table biplane.runs no force row level security", "biplane.runs: not forced"],
    ] as const) {
      await owner.query("begin");
      await owner.query(statement);
      expect(await openings(), statement).toEqual([found]);
      await owner.query("rollback");
    }
  });
});

/** What could show rows of more than one organisation, from the live catalogue; none of a table that has none of any. */
async function openings(): Promise<string[]> {
  const { rows } = await owner.query<{ found: string }>(`
    with tenant as (
      select c.oid, c.relname as name, c.relforcerowsecurity and c.relrowsecurity as forced,
        array_agg(a.attname::text) as columns
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace = 'biplane'::regnamespace and c.relkind in ('r', 'p')
      group by c.oid having 'org' = any (array_agg(a.attname::text))
    ),
    -- A column that no two rows share: who names it sees one row.
    sole as (
      select i.indrelid as oid, a.attname::text as name from pg_index i
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
      where i.indisunique and i.indnkeyatts = 1 and i.indpred is null
    )
    select 'biplane.' || t.name || ': not forced' as found from tenant t where not t.forced
    union all
    select 'biplane.' || t.name || ': ' || p.policyname from tenant t
    join pg_policies p on p.schemaname = 'biplane' and p.tablename = t.name and p.permissive = 'PERMISSIVE'
    where p.qual is distinct from '(org = current_setting(''biplane.org''::text, true))'
      and not (p.cmd = 'SELECT' and (
        exists (select 1 from sole where sole.oid = t.oid and p.qual like '(' || sole.name || ' = %current_setting(%')
        or (p.policyname = 'scheduler' and t.columns <@ array['org', 'due_at'])
        or (t.name = 'staff_grants' and p.qual = '(subject = current_setting(''biplane.staff''::text, true))')))
    union all
    select 'biplane.' || proname || ': runs as its owner' from pg_proc
    where pronamespace = 'biplane'::regnamespace and prosecdef
    union all
    select 'biplane.' || relname || ': a view' from pg_class
    where relnamespace = 'biplane'::regnamespace and relkind in ('v', 'm')
    order by 1`);
  return rows.map(({ found }) => found);
}
