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
  return { ...database, ...owner, RUNTIME_USER: "services", RUNTIME_PASSWORD_FILE: "a-fresh-password" };
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
    expect(lines.join("\n")).not.toContain("a-fresh-password");
  });
});
