import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientConfig } from "../../shared/postgres.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { startTestPostgres, type TestPostgres } from "../../shared/testing/postgres.ts";
import { migrate } from "../store/migrations.ts";
import { type MigrateConfig, migrateDatabase } from "./migrate.ts";

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres({ apply: async (owner) => void (await migrate(owner, [])) });
});
afterAll(() => postgres.stop());

async function asOwner(): Promise<MigrateConfig> {
  const database = await postgres.database();
  const { user, password } = postgres.ownerOf(database);
  const owner = { DATABASE_USER: String(user), DATABASE_PASSWORD_FILE: String(password) };
  const services = { RUNTIME_USER: "services", RUNTIME_PASSWORD_FILE: "a-fresh-password" };
  const exporter = { EXPORTER_USER: "exporter", EXPORTER_PASSWORD_FILE: "a-password-of-the-export" };
  const verifier = { VERIFIER_USER: "verifier", VERIFIER_PASSWORD_FILE: "another-password" };
  return { ...database, ...owner, ...services, ...exporter, ...verifier };
}

describe("the migrate job", () => {
  it("leaves a database that services can use, also when several run at once and again", async () => {
    const config = await asOwner();
    const { log, lines } = recordingLog();
    await Promise.all([1, 2, 3].map(() => migrateDatabase(config, log)));
    await migrateDatabase(config, log);
    const services = new pg.Client(
      clientConfig({ ...config, DATABASE_USER: "services", DATABASE_PASSWORD_FILE: "a-fresh-password" }, "test"),
    );
    await services.connect();
    expect(
      (await services.query("select count(*)::int as count from biplane.migrations")).rows[0].count,
    ).toBeGreaterThan(2);
    await services.end();
    expect(lines.join("\n")).not.toMatch(/a-fresh-password|another-password|a-password-of-the-export/);
  });

  it("leaves a login that reads the catalogue, and neither reads nor writes anything else", async () => {
    const config = await asOwner();
    await migrateDatabase(config, recordingLog().log);
    const verifier = new pg.Client(
      clientConfig({ ...config, DATABASE_USER: "verifier", DATABASE_PASSWORD_FILE: "another-password" }, "test"),
    );
    await verifier.connect();
    const found = await verifier.query("select 1 from pg_class where relname = 'actions' and relrowsecurity");
    expect(found.rowCount).toBe(1);
    await expect(verifier.query("create table public.mine ()")).rejects.toThrow("read-only transaction");
    // The default is only a guard against slips; rights do not hang on it.
    await verifier.query("set default_transaction_read_only = off");
    for (const statement of [
      "select * from biplane.actions",
      "select * from biplane.migrations",
      "set role services",
      "create table public.mine ()",
      "create temporary table mine ()",
    ]) {
      await expect(verifier.query(statement), statement).rejects.toMatchObject({ code: "42501" });
    }
    await verifier.end();
  });

  it("refuses to make the verifier's login of one that has powers", async () => {
    const config = await asOwner();
    await migrateDatabase(config, recordingLog().log);
    const owner = new pg.Client(postgres.ownerOf(config));
    await owner.connect();
    await owner.query("grant services to verifier");
    await owner.end();
    await expect(migrateDatabase(config, recordingLog().log)).rejects.toThrow(
      "the verifier's login verifier has another role",
    );
  });
});
