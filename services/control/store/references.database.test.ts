import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientConfig } from "../../shared/postgres.ts";
import { dataReference } from "./references.ts";
import { insertRun } from "./runs.ts";
import { newRun, openTestStore, type TestStore } from "./testing/fixtures.ts";

let store: TestStore;
let runtime: pg.Client;
beforeAll(async () => {
  store = await openTestStore();
  await insertRun(store.database, "acme", newRun("acme"));
  runtime = new pg.Client(clientConfig(store.config, "test"));
  await runtime.connect();
});
afterAll(async () => {
  await runtime.end();
  await store[Symbol.asyncDispose]();
});

const payload = "the customer's own data";
const uri = "s3://metadata/acme/demo/development/r/a0/outputs.pb";
const long = `s3://metadata/${"a".repeat(2048)}`;

describe("a reference to a customer's data", () => {
  it.each(["", uri, "gs://b/k", "abfs://c@a/k"])("may be %j", (good) => {
    expect(dataReference("output_uri", good)).toBe(good);
  });

  it.each([payload, `x${uri}`, "https://b/k", "S3://b/k", long])("may not be %j", (bad) => {
    expect(() => dataReference("output_uri", bad)).toThrow(/output_uri is .*; allowed: an address that begins with/);
  });

  it.each([
    ["runs", "output_base"],
    ["actions", "input_uri"],
    ["actions", "output_uri"],
  ])("is refused by the table %s itself when %s is anything else", async (table, column) => {
    const set = async (value: string) => {
      await runtime.query("begin");
      await runtime.query("select set_config('biplane.org', 'acme', true)");
      try {
        return (await runtime.query(`update biplane.${table} set ${column} = $1`, [value])).rowCount;
      } finally {
        await runtime.query("rollback");
      }
    };
    expect(await set(uri)).toBe(1);
    for (const bad of [payload, long]) await expect(set(bad)).rejects.toMatchObject({ code: "23514" });
  });
});
