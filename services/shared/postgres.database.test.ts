import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { DatabaseConfig } from "./config.ts";
import { listen } from "./listen.ts";
import { clientConfig, type Database, openDatabase } from "./postgres.ts";
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
