import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientConfig } from "../../shared/postgres.ts";
import { sharedPostgres } from "../../shared/testing/shared-postgres.ts";
import { insertRun } from "./runs.ts";
import { ensureRuntimeRole } from "./runtime-role.ts";
import {
  addApp,
  addChild,
  addCondition,
  addTrigger,
  newRun,
  openTestStore,
  type TestStore,
} from "./testing/fixtures.ts";

let store: TestStore;
let runtime: pg.Client;
let owner: pg.Client;

/** Not a tenant's: what has been applied to the database, and devices that nobody has signed in yet. */
const shared = ["migrations", "device_requests"];

beforeAll(async () => {
  const postgres = sharedPostgres();
  store = await openTestStore(postgres);
  for (const org of ["acme", "globex"]) {
    await insertRun(store.database, org, newRun(org));
    await addChild(store, org, "n1");
    await addCondition(store, org, "c1");
    await addTrigger(store, org);
    await addApp(store, org);
  }
  runtime = new pg.Client(clientConfig(store.config, "test"));
  owner = new pg.Client(postgres.ownerOf(store.config));
  await runtime.connect();
  await owner.connect();
  // Rights on the database itself are not cloned with it.
  await ensureRuntimeRole(owner, store.config.DATABASE_USER, store.config.DATABASE_PASSWORD_FILE);
});

afterAll(async () => {
  await runtime.end();
  await owner.end();
  await store[Symbol.asyncDispose]();
});

async function tenantTables(): Promise<string[]> {
  const { rows } = await owner.query<{ name: string }>(
    "select relname as name from pg_class where relnamespace = 'biplane'::regnamespace and relkind in ('r', 'p', 'v', 'm')",
  );
  return rows.map(({ name }) => name).filter((name) => !shared.includes(name));
}

describe("the live catalogue", () => {
  it("has no tenant table without org, never null, in its primary key or a unique index", async () => {
    const { rows } = await owner.query<{ name: string }>(
      `select c.relname as name from pg_class c
       join pg_attribute a on a.attrelid = c.oid and a.attname = 'org' and a.attnotnull
       where c.relnamespace = 'biplane'::regnamespace and exists (
         select 1 from pg_index i where i.indrelid = c.oid and i.indisunique and i.indkey[0] = a.attnum)`,
    );
    expect(rows.map(({ name }) => name).sort()).toEqual((await tenantTables()).sort());
  });

  it("forces row-level security on each of them, with a policy on org", async () => {
    const { rows } = await owner.query<{ name: string }>(
      `select c.relname as name from pg_class c
       join pg_policies p on p.schemaname = 'biplane' and p.tablename = c.relname
       where c.relrowsecurity and c.relforcerowsecurity and p.cmd = 'ALL' and p.permissive = 'PERMISSIVE'
         and p.qual = '(org = current_setting(''biplane.org''::text, true))' and p.with_check is null`,
    );
    expect(rows.map(({ name }) => name).sort()).toEqual((await tenantTables()).sort());
  });
});

describe("the runtime login", () => {
  const filled = [
    "actions",
    "projects",
    "queue",
    "runs",
    "task_specs",
    "triggers",
    "trigger_revisions",
    "trigger_orgs",
    "conditions",
    "condition_orgs",
    "apps",
    "app_planes",
    "app_conditions",
    "known_orgs",
  ];
  const due = ["trigger_orgs", "condition_orgs"];
  const named = ["known_orgs", ...due];

  it("sees with one organisation's setting that organisation's rows and no other's", async () => {
    for (const org of ["acme", "globex"]) {
      await runtime.query("begin");
      await runtime.query("select set_config('biplane.org', $1, true)", [org]);
      for (const table of filled) {
        const { rows } = await runtime.query(`select distinct org from biplane.${table}`);
        expect([table, rows]).toEqual([table, [{ org }]]);
      }
      await runtime.query("rollback");
    }
  });

  it("learns as the scheduler which organisations there are and where something may be due, and sees nothing of theirs", async () => {
    await runtime.query("begin");
    await runtime.query("select set_config('biplane.scheduler', 'on', true)");
    for (const table of await tenantTables()) {
      const { rows } = await runtime.query(`select org from biplane.${table} order by org`);
      expect([table, rows]).toEqual([table, named.includes(table) ? [{ org: "acme" }, { org: "globex" }] : []]);
    }
    for (const table of due) {
      expect((await runtime.query(`update biplane.${table} set due_at = null`)).rowCount).toBe(0);
      expect((await runtime.query(`delete from biplane.${table}`)).rowCount).toBe(0);
    }
    await runtime.query("rollback");
    for (const statement of ["update biplane.known_orgs set org = 'x'", "delete from biplane.known_orgs"])
      await expect(runtime.query(statement), statement).rejects.toMatchObject({ code: "42501" });
  });

  it("sees nothing without a setting, also after a transaction that had one", async () => {
    for (const table of await tenantTables()) {
      const { rows } = await runtime.query(`select * from biplane.${table}`);
      expect([table, rows]).toEqual([table, []]);
    }
  });

  it("neither writes nor changes nor deletes another organisation's rows", async () => {
    await runtime.query("begin");
    await runtime.query("select set_config('biplane.org', 'acme', true)");
    expect((await runtime.query("update biplane.actions set phase = 7 where org = 'globex'")).rowCount).toBe(0);
    expect((await runtime.query("delete from biplane.queue where org = 'globex'")).rowCount).toBe(0);
    const insert = "insert into biplane.projects (org, id, name, domains) values ('globex', 'x', 'x', '{}')";
    await expect(runtime.query(insert)).rejects.toThrow("violates row-level security policy");
    await runtime.query("rollback");
  });

  it.each([
    "alter table biplane.runs disable row level security",
    "alter table biplane.runs no force row level security",
    "drop policy own_org on biplane.runs",
    "create table biplane.mine ()",
    "create temporary table mine ()",
    "create schema mine",
    "drop table biplane.runs",
    "truncate biplane.runs",
    "set role owner",
    "alter role runtime bypassrls",
    "insert into biplane.migrations values (9, 'x', false, '')",
    "update biplane.audit_records set subject = 'x'",
    "delete from biplane.audit_records",
    "truncate biplane.audit_records",
    "insert into biplane.audit_records (org, at) values ('acme', now())",
    "alter table biplane.audit_records disable trigger append_only",
  ])("cannot: %s", async (statement) => {
    await expect(runtime.query(statement)).rejects.toMatchObject({ code: "42501" });
  });

  it("is refused, not shown less, when it asks to pass row-level security", async () => {
    await runtime.query("begin");
    await runtime.query("set local row_security = off");
    await expect(runtime.query("select * from biplane.runs")).rejects.toThrow(
      "would be affected by row-level security",
    );
    await runtime.query("rollback");
  });
});

describe("the owner", () => {
  it.each(["update biplane.audit_records set subject = 'x'", "delete from biplane.audit_records"])(
    "is stopped too: %s",
    async (statement) => {
      await expect(owner.query(statement)).rejects.toThrow("audit records are never changed");
    },
  );

  it("is bound by the same policies", async () => {
    expect((await owner.query("select * from biplane.runs")).rows).toEqual([]);
  });
});
