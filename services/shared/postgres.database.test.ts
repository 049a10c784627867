import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DatabaseConfig } from "./config.ts";
import { listen } from "./listen.ts";
import { clientConfig, type Database, openDatabase, statement } from "./postgres.ts";
import { recordingLog } from "./testing/log.ts";
import { startTestPostgres, type TestPostgres } from "./testing/postgres.ts";

let postgres: TestPostgres;
let config: DatabaseConfig;
let database: Database;
const { log } = recordingLog();

beforeAll(async () => {
  postgres = await startTestPostgres();
  config = await postgres.database();
  database = openDatabase(config, "test", log);
});
afterAll(async () => {
  await database?.close();
  await postgres?.stop();
});

const insert = (inOrg: string, org: string) =>
  database.withOrg(inOrg, (transaction) =>
    transaction.query(
      "insert into biplane.applications (org, client_id, secret_sha256, role) values ($1, $2, $3, 'viewer')",
      [org, `${org}-${Math.random()}`, Buffer.alloc(32)],
    ),
  );
const orgsSeenBy = async (org: string) =>
  database.withOrg(org, (transaction) => transaction.query("select distinct org from biplane.applications"));

it("shows one organisation's rows to it, and none without one", async () => {
  await insert("acme", "acme");
  await insert("globex", "globex");
  expect(await orgsSeenBy("acme")).toEqual([{ org: "acme" }]);
  expect((await database.query("select * from biplane.applications")).rows).toEqual([]);
});

it("does not write into another organisation", async () => {
  await expect(insert("acme", "globex")).rejects.toThrow(/row-level security/);
});

it("leaves no organisation behind on the pooled connection, after success and failure", async () => {
  for (const fail of [false, true]) {
    const work = database.withOrg("acme", async () => {
      if (fail) throw new Error("wanted");
    });
    if (fail) await expect(work).rejects.toThrow("wanted");
    else await work;
    const { rows } = await database.query("select current_setting('biplane.org', true) as org");
    expect(rows[0].org ?? "").toBe("");
  }
});

it("rolls back what a failed transaction did", async () => {
  const before = await orgsSeenBy("initech");
  const work = database.withOrg("initech", async (transaction) => {
    await transaction.query(
      "insert into biplane.applications (org, client_id, secret_sha256, role) values ('initech', 'i', $1, 'viewer')",
      [Buffer.alloc(32)],
    );
    throw new Error("wanted");
  });
  await expect(work).rejects.toThrow("wanted");
  expect(await orgsSeenBy("initech")).toEqual(before);
});

describe("a transaction", () => {
  const insertSql = statement(
    "insert into biplane.applications (org, client_id, secret_sha256, role) values ($1, $2, $3, 'viewer')",
  );

  it("is committed with its last statement, whose answer comes after that", async () => {
    await database.withOrg("umbrella", async (transaction) => {
      await transaction.query(insertSql, ["umbrella", "u1", Buffer.alloc(32)]);
      await transaction.last(insertSql, ["umbrella", "u2", Buffer.alloc(32)]);
      // Another connection sees both while this one's work goes on.
      expect(await orgsSeenBy("umbrella")).toEqual([{ org: "umbrella" }]);
    });
  });

  it("whose last statement fails has done nothing, and its connection serves the next", async () => {
    const twice = database.withOrg("wayne", async (transaction) => {
      await transaction.query(insertSql, ["wayne", "w1", Buffer.alloc(32)]);
      await transaction.last(insertSql, ["wayne", "w1", Buffer.alloc(32)]);
    });
    await expect(twice).rejects.toThrow(/duplicate key/);
    expect(await orgsSeenBy("wayne")).toEqual([]);
  });

  it.each(["query", "last"] as const)("that cannot begin says why, and its %s is not carried out", async (way) => {
    const work = database.withSettings({ "biplane.no such name": "x" }, (transaction) =>
      transaction[way](insertSql, ["stark", "s1", Buffer.alloc(32)]),
    );
    await expect(work).rejects.toThrow(/invalid configuration parameter name/);
    expect(await orgsSeenBy("stark")).toEqual([]);
  });

  it("plans a statement once a connection, and one with other text beside it", async () => {
    const one = openDatabase({ ...config, DATABASE_POOL_SIZE: 1 }, "planned", log);
    const [first, second] = [statement("select $1::integer as n"), statement("select $1::integer + 1 as n")];
    for (const [asked, n] of [...Array(3).fill([first, 1]), [second, 2]] as const) {
      expect(await one.withOrg("acme", (transaction) => transaction.last(asked, [1]))).toEqual([{ n }]);
    }
    const { rows } = await one.query("select statement from pg_prepared_statements order by prepare_time");
    expect(rows.map((row) => row.statement)).toEqual([first.text, second.text]);
    await one.close();
  });
});

it("listens again after the database was restarted, and says so, so that nothing is missed for long", async () => {
  const heard: string[] = [];
  let connections = 0;
  const listener = listen({
    connection: clientConfig(config, "listener"),
    channels: ["news"],
    onNotice: (_channel, payload) => heard.push(payload),
    onConnected: () => {
      connections++;
    },
    log,
  });
  await expect.poll(() => connections).toBe(1);
  await database.query("select pg_notify('news', 'first')");
  await expect.poll(() => heard).toEqual(["first"]);
  await postgres.restart();
  await expect.poll(() => connections, { timeout: 10_000 }).toBe(2);
  await sleep(50);
  await database.query("select pg_notify('news', 'second')");
  await expect.poll(() => heard).toEqual(["first", "second"]);
  await listener.close();
});
