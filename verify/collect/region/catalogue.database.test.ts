/** The catalogue as verify reads it, of a database that every migration has been applied to. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DatabaseConfig } from "../../../services/shared/config.ts";
import { sharedPostgres } from "../../../services/shared/testing/shared-postgres.ts";
import { orgInEveryRecord } from "../../checks/db-01-org-in-every-record.ts";
import { rowSecurityForced } from "../../checks/db-02-row-security.ts";
import { metadataOnly } from "../../checks/db-03-metadata-only.ts";
import { onlyUris } from "../../checks/db-04-only-uris.ts";
import type { Fact } from "../../facts.ts";
import { judge } from "../../runner.ts";
import { collectedFrom, goodFacts, goodTargets } from "../../testing/good-plane.ts";
import { collectDatabase } from "./database.ts";

const folder = mkdtempSync(join(tmpdir(), "biplane-catalogue-"));
const passwordFile = join(folder, "password");
const caFile = join(folder, "ca.crt");
let config: DatabaseConfig;

beforeAll(async () => {
  config = await sharedPostgres().database();
  writeFileSync(passwordFile, config.DATABASE_PASSWORD_FILE, { mode: 0o600 });
  writeFileSync(caFile, config.DATABASE_CA_FILE ?? "");
});
afterAll(() => rmSync(folder, { recursive: true }));

function read() {
  return collectDatabase({
    host: config.DATABASE_HOST,
    port: config.DATABASE_PORT,
    database: config.DATABASE_NAME,
    user: config.DATABASE_USER,
    passwordFile,
    caFile,
  });
}

function whole<T>(fact: Fact<T>): T {
  if (!fact.read) throw new Error(fact.reason);
  return fact.value;
}

async function outcomes() {
  const { regionTables, regionRoles } = await read();
  const facts = goodFacts();
  // The pods' login is the good region's; here it is the test's own.
  for (const { env } of facts.regionPods.flatMap(({ spec }) => spec?.containers ?? []))
    for (const variable of env ?? []) if (variable.name === "DATABASE_USER") variable.value = config.DATABASE_USER;
  const collected = { ...collectedFrom(facts), regionTables, regionRoles };
  return [orgInEveryRecord, rowSecurityForced, metadataOnly, onlyUris].map((check) => {
    const verdict = judge(check, collected, goodTargets);
    return verdict.outcome === "FAIL" ? verdict.findings.filter(({ ok }) => !ok) : verdict.outcome;
  });
}

describe("the migrated schema", () => {
  it("passes every check of the database: a new column belongs into verify/reason/metadata.ts", async () => {
    expect(await outcomes()).toEqual(["PASS", "PASS", "PASS", "PASS"]);
  });

  it("is read with keys, rules and policies as Postgres writes them", async () => {
    const tables = whole((await read()).regionTables);
    const actions = tables.find(({ name }) => name === "biplane.actions");
    expect(actions).toMatchObject({ kind: "table", owner: "owner", rowSecurity: true, forced: true });
    expect(actions?.indexes).toContainEqual({
      name: "actions_pkey",
      ...{ primary: true, unique: true, valid: true, partial: false },
      columns: ["org", "project", "domain", "run", "action"],
    });
    expect(tables.find(({ name }) => name === "biplane.queue")?.indexes).toContainEqual(
      expect.objectContaining({ name: "queue_by_worker", partial: true, unique: false }),
    );
    expect(actions?.checks.map(({ columns, validated }) => [columns, validated])).toEqual([
      [["input_uri"], true],
      [["output_uri"], true],
    ]);
  });

  it("fails each of them once it is broken by hand", async () => {
    const owner = new pg.Client(sharedPostgres().ownerOf(config));
    await owner.connect();
    try {
      await owner.query(`
        alter table biplane.queue disable row level security;
        alter table biplane.attempts drop constraint output_uri_is_uri;
        create table biplane.results (id bigint primary key, payload jsonb)`);
      expect(await outcomes()).toEqual([
        [expect.objectContaining({ subject: "biplane.results" })],
        [
          expect.objectContaining({ subject: "biplane.queue" }),
          expect.objectContaining({ subject: "biplane.results" }),
        ],
        [expect.objectContaining({ subject: "biplane.results" })],
        [expect.objectContaining({ subject: "biplane.attempts.output_uri" })],
      ]);
    } finally {
      await owner.end();
    }
  });
});

describe("the password's file", () => {
  it("is refused when others may read it, and the reason is kept without the password", async () => {
    writeFileSync(`${passwordFile}.open`, config.DATABASE_PASSWORD_FILE, { mode: 0o644 });
    const { regionTables } = await collectDatabase({
      host: config.DATABASE_HOST,
      port: config.DATABASE_PORT,
      database: config.DATABASE_NAME,
      user: config.DATABASE_USER,
      passwordFile: `${passwordFile}.open`,
      caFile,
    });
    expect(regionTables).toMatchObject({ read: false, reason: expect.stringContaining("mode 644") });
    expect(JSON.stringify(regionTables)).not.toContain(config.DATABASE_PASSWORD_FILE);
  });
});
