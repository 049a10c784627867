/** Audit records on their way out of a real database: in an order that loses none, and each into one object. */
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clientConfig, type Database, openDatabase } from "../../shared/postgres.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { sharedPostgres } from "../../shared/testing/shared-postgres.ts";
import { knownOrgs, ofAllOrgs } from "../store/known-orgs.ts";
import { openTestStore, type TestStore } from "../store/testing/fixtures.ts";
import { exportRound, longestLag } from "./exporter.ts";
import { planBatch, storeOne } from "./exports.ts";
import { databaseSink } from "./records.ts";
import { type KeptObjects, keptObjects } from "./testing/kept-objects.ts";

const limits = { records: 100, waitMs: 0 };
const patience = { timeout: 60_000, interval: 50 };
const postgres = sharedPostgres();
const { log, lines } = recordingLog();
let store: TestStore;
let exporter: Database;
let kept: KeptObjects;

beforeEach(async () => {
  store = await openTestStore(postgres);
  exporter = openDatabase(postgres.exporterOf(store.config), "export", log);
  kept = keptObjects();
  // Whoever writes an organisation's very first record is waited for by others of it.
  await store.database.withOrg("acme", (transaction) =>
    transaction.last("insert into biplane.known_orgs (org) values ('acme')"),
  );
});
afterEach(async () => {
  await exporter.close();
  await store[Symbol.asyncDispose]();
});

const deps = (more: object = {}) => ({
  ...{ database: exporter, put: kept.put, tellLag: async () => {}, limits, log },
  ...more,
});

async function record(count: number, org = "acme"): Promise<void> {
  const keep = databaseSink(store.database);
  for (let at = 0; at < count; at++) {
    const entry = { operation: "a.B/C", resource: `p/d/${at}`, decision: "allowed" as const, reason: "" };
    await keep({ org, subject: "ann", kind: "user", role: "admin", token: "" }, { ...entry, requestId: `r${at}` });
  }
}

/** A record in a transaction that has not ended yet. */
async function recordSlowly(org = "acme"): Promise<pg.Client> {
  const client = new pg.Client(clientConfig(store.config, "slow"));
  await client.connect();
  await client.query("begin");
  await client.query("select set_config('biplane.org', $1, true)", [org]);
  await client.query(
    `insert into biplane.audit_records (org, subject, subject_kind, operation, resource, decision, reason, request_id)
     values ($1, 'slow', 'user', 'a.B/C', '', 'allowed', '', 'slow')`,
    [org],
  );
  return client;
}

/** Goes into an object of its own. Nobody but the owner may say when something was. */
async function recordAnHourAgo(): Promise<void> {
  const owner = new pg.Client(postgres.ownerOf(store.config));
  await owner.connect();
  await owner.query("select set_config('biplane.org', 'acme', false)");
  await owner.query(
    `insert into biplane.audit_records (org, at, subject, subject_kind, operation, resource, decision, reason, request_id)
     values ('acme', now() - interval '1 hour', 'ann', 'user', 'a.B/C', '', 'allowed', '', 'r')`,
  );
  await owner.end();
}

/**
 * Rounds until the bucket has so many records. Other tests' transactions on the same server hold the horizon too, for as
 * long as they last.
 */
async function exported(count: number, more: object = {}): Promise<number[]> {
  await expect.poll(() => exportRound(deps(more)).then(() => kept.ids().length), patience).toBe(count);
  return kept.ids();
}

/** Exactly so many, in one batch. */
const planned = (records: number, org = "acme") =>
  expect.poll(() => planBatch(exporter, org, { records, waitMs: 24 * 3_600_000 }), patience).toMatchObject({ records });

const allIds = async (...orgs: string[]): Promise<number[]> => {
  const read = (org: string) =>
    exporter.withOrg(org, (transaction) => transaction.query<{ id: string }>("select id from biplane.audit_records"));
  return sorted((await Promise.all(orgs.map(read))).flat().map(({ id }) => Number(id)));
};
const sorted = (ids: number[]) => ids.toSorted((a, b) => a - b);

describe("the order", () => {
  it("waits for a transaction that began before: its record comes later and has a lower id", async () => {
    await record(1);
    const slow = await recordSlowly();
    await record(2);
    expect(await exported(1)).toEqual([1]);
    expect(await exportRound(deps())).toEqual({ objects: 0, full: false, failed: false });
    await slow.query("commit");
    await slow.end();
    expect(await exported(4)).toEqual([1, 2, 3, 4]);
  });

  it("goes on past a transaction that came to nothing", async () => {
    const slow = await recordSlowly();
    await record(1);
    await slow.query("rollback");
    await slow.end();
    expect(await exported(1)).toEqual(await allIds("acme"));
  });

  it("cuts a batch within a transaction and goes on behind the cut", async () => {
    const slow = await recordSlowly();
    for (const at of [1, 2, 3, 4]) {
      await slow.query(
        `insert into biplane.audit_records (org, subject, subject_kind, operation, resource, decision, reason, request_id)
         values ('acme', 'slow', 'user', 'a.B/C', $1, 'allowed', '', 'slow')`,
        [`r${at}`],
      );
    }
    await slow.query("commit");
    await slow.end();
    expect(await exported(5, { limits: { records: 2, waitMs: 0 } })).toEqual([1, 2, 3, 4, 5]);
    expect([...kept.objects.keys()].map((key) => key.split("/").at(-1)?.slice(0, 12))).toEqual([
      "000000000001",
      "000000000002",
      "000000000003",
    ]);
  });
});

describe("an exporter that is killed", () => {
  it("after the object was there: the next one puts the same object under the same name, and goes on", async () => {
    await record(3);
    await planned(3);
    const killed = storeOne(exporter, "acme", async (key, lines) => {
      await kept.put(key, lines);
      throw new Error("killed");
    });
    await expect(killed).rejects.toThrow("killed");
    await record(2);
    expect(await exported(5)).toEqual([1, 2, 3, 4, 5]);
    expect([kept.objects.size, kept.again]).toEqual([2, 1]);
  });

  it("before the object was there: nothing is passed over", async () => {
    await record(3);
    await planned(3);
    const killed = storeOne(exporter, "acme", () => Promise.reject(new Error("killed")));
    await expect(killed).rejects.toThrow("killed");
    expect(await longestLag(exporter)).toBeGreaterThan(0);
    expect(await exported(3)).toEqual([1, 2, 3]);
    expect(await longestLag(exporter)).toBe(0);
  });

  it("holds up nobody's other objects, and its own only as long as it holds them", async () => {
    await recordAnHourAgo();
    await record(1);
    await record(1, "globex");
    await planned(2);
    await planned(1, "globex");
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let began = () => {};
    const begun = new Promise<void>((resolve) => {
      began = resolve;
    });
    const slow = storeOne(exporter, "acme", async (key, lines) => {
      began();
      await held;
      await kept.put(key, lines);
    });
    await begun;
    expect(await storeOne(exporter, "acme", kept.put)).toMatchObject({ org: "acme", records: 1 });
    expect(await storeOne(exporter, "acme", kept.put)).toBeUndefined();
    expect(await planBatch(exporter, "acme", limits)).toBe("others");
    expect(await storeOne(exporter, "globex", kept.put)).toMatchObject({ org: "globex", records: 1 });
    release();
    expect(await slow).toMatchObject({ org: "acme" });
    expect(kept.again).toBe(0);
  });
});

describe("several exporters at once", () => {
  it("bring every record into one object, and put none twice, while records come", { timeout: 120_000 }, async () => {
    const orgs = ["acme", "globex", "initech"];
    let writing = true;
    const writers = Promise.all(orgs.map((org) => record(80, org))).finally(() => {
      writing = false;
    });
    const few = { limits: { records: 7, waitMs: 0 } };
    const run = async () => {
      while (writing || (await longestLag(exporter)) > 0) await exportRound(deps(few));
    };
    await Promise.all([writers, run(), run(), run()]);
    expect(sorted(kept.ids())).toEqual(await allIds(...orgs));
    expect(kept.ids()).toHaveLength(240);
    expect(kept.again).toBe(0);
    for (const [key, lines] of kept.objects) {
      const owners = lines
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as { org: string }).org);
      expect([...new Set(owners)]).toEqual([/org=([a-z]+)\//.exec(key)?.[1]]);
    }
  });
});

it("waits for others to come into the same object, unless there are enough", async () => {
  await record(3);
  expect(await planBatch(exporter, "acme", { records: 100, waitMs: 600_000 })).toBe("nothing");
  const enough = () => planBatch(exporter, "acme", { records: 3, waitMs: 600_000 });
  await expect.poll(enough, patience).toEqual({ objects: 1, records: 3 });
});

it("refuses to store records that are not those it planned", async () => {
  await record(2);
  await planned(2);
  const owner = new pg.Client(postgres.ownerOf(store.config));
  await owner.connect();
  await owner.query("alter table biplane.audit_records disable trigger append_only");
  await owner.query("select set_config('biplane.org', 'acme', false)");
  await owner.query("update biplane.audit_records set subject = 'nobody' where id = 1");
  await owner.end();
  await record(1, "globex");
  const told = () => lines.map((line) => JSON.parse(line) as { org?: string; error?: { message: string } });
  const differs = "batch 1 of acme has 2 records that differ from the 2 planned";
  const round = async (put = kept.put) => {
    lines.length = 0;
    const { failed } = await exportRound(deps({ put }));
    expect(failed).toBe(true);
    return Object.fromEntries(told().flatMap(({ org, error }) => (org && error ? [[org, error.message]] : [])));
  };
  const gone = () => Promise.reject(new Error("the bucket cannot be reached"));
  // Each is told of, and none keeps another from the bucket.
  await expect.poll(() => round(gone), patience).toEqual({ acme: differs, globex: "the bucket cannot be reached" });
  expect(await round()).toEqual({ acme: differs });
  expect([...kept.objects.keys()]).toEqual([expect.stringContaining("/org=globex/")]);
});

describe("the exporter's login", () => {
  it.each([
    "update biplane.audit_records set subject = 'x'",
    "delete from biplane.audit_records",
    "insert into biplane.audit_records (org) values ('acme')",
    "update biplane.audit_exports set key = 'x'",
    "update biplane.audit_exports set last_id = 9",
    "delete from biplane.audit_exports",
    "select * from biplane.runs",
    "select * from biplane.applications",
    "create table public.mine ()",
  ])("may not: %s", async (statement) => {
    await expect(exporter.query(statement)).rejects.toMatchObject({ code: "42501" });
  });

  it("sees one organisation's records at a time, and of all of them their names", async () => {
    await record(1);
    await record(1, "globex");
    expect((await exporter.query("select * from biplane.audit_records")).rows).toEqual([]);
    expect(await knownOrgs(exporter)).toEqual(["acme", "globex"]);
    const seen = (settings: Record<`biplane.${string}`, string>) =>
      exporter.withSettings(settings, (transaction) => transaction.query("select org from biplane.audit_records"));
    expect(await seen(ofAllOrgs)).toEqual([]);
    expect(await seen({ ...ofAllOrgs, "biplane.org": "globex" })).toEqual([{ org: "globex" }]);
  });

  it("is the only one that keeps account of the export", async () => {
    for (const statement of [
      "update biplane.audit_exports set stored_at = now()",
      "delete from biplane.audit_exports",
      "insert into biplane.audit_exports (org) values ('acme')",
      "insert into biplane.audit_records (org, tx) values ('acme', '1')",
    ]) {
      await expect(store.database.query(statement), statement).rejects.toMatchObject({ code: "42501" });
    }
  });
});
