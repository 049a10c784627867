/** Plain numbered SQL, applied in order, once, by however many runners start at the same time. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "pg";
import { UserError } from "../../../shared/errors.ts";

export interface Migration {
  number: number;
  /** The file's name. */
  name: string;
  sql: string;
  /** An older build must not run on a database that has it: the file begins with "-- breaking". */
  breaking: boolean;
  digest: string;
}

/** Exit code when the database is newer than this build, so that a rollout can tell it from a failure. */
export const databaseIsNewer = 57;

/**
 * Beside the source, and beside the bundle: /app/control/migrations.
 * @param given MIGRATIONS_DIR, for any other place.
 */
export function migrationsDirectory(given: string | undefined, here: string): string {
  if (given) return given;
  const places = [join(here, "migrations"), join(here, "../store/migrations")];
  const found = places.find((place) => existsSync(place));
  if (!found) throw new UserError(`no migrations in ${places.join(" or ")}; set MIGRATIONS_DIR to their folder`);
  return found;
}

/** @throws UserError where a file is misnamed or a number is used twice. */
export function readMigrations(directory: string): Migration[] {
  const names = readdirSync(directory).sort();
  const read = names.map((name) => {
    const number = Number(/^(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1]);
    if (!number) throw new UserError(`${join(directory, name)} is not named like 0001_create_runs.sql`);
    const sql = readFileSync(join(directory, name), "utf8");
    const digest = createHash("sha256").update(sql).digest("hex");
    return { number, name, sql, breaking: sql.startsWith("-- breaking"), digest };
  });
  const twice = read.find((migration, index) => read[index + 1]?.number === migration.number);
  if (twice) throw new UserError(`two migrations have the number of ${twice.name}`);
  return read;
}

/**
 * Brings the database up to date. A newer database is left alone, unless what is newer breaks this build.
 * @param client connected as the owner.
 * @returns the names of those that this call applied.
 * @throws UserError: the database is newer and breaking, or an applied file has changed since.
 */
export async function migrate(client: Client, migrations: Migration[]): Promise<string[]> {
  await installSchema(client);
  const { rows: applied } = await client.query<{ number: number; name: string; breaking: boolean; digest: string }>(
    "select number, name, breaking, digest from biplane.migrations order by number",
  );
  refuseUnsafe(migrations, applied);
  const done = new Set(applied.map(({ number }) => number));
  const mine: string[] = [];
  for (const migration of migrations) {
    if (!done.has(migration.number) && (await apply(client, migration))) mine.push(migration.name);
  }
  return mine;
}

function refuseUnsafe(known: Migration[], applied: Omit<Migration, "sql">[]): void {
  const byNumber = new Map(known.map((migration) => [migration.number, migration]));
  for (const { number, name, breaking, digest } of applied) {
    const here = byNumber.get(number);
    if (!here && breaking) {
      throw new UserError(
        `the database carries the migration ${name}, which this build does not know and which breaks it; deploy the newer build`,
        { exitCode: databaseIsNewer },
      );
    }
    if (here && here.digest !== digest) {
      throw new UserError(`${name} has changed since it was applied; put the change into a new migration`, {
        exitCode: 1,
      });
    }
  }
}

/** `if not exists` is not safe against a concurrent runner: one lock, held for two statements, is. */
async function installSchema(client: Client): Promise<void> {
  await client.query(`
    begin;
    select pg_advisory_xact_lock(hashtextextended('biplane migrations', 0));
    create schema if not exists biplane;
    create table if not exists biplane.migrations (
      number integer primary key,
      name text not null,
      breaking boolean not null,
      digest text not null,
      applied_at timestamptz not null default now()
    );
    commit`);
}

/** Its row goes in first: a concurrent runner waits for that row, then finds it there and steps aside. */
async function apply(client: Client, { number, name, breaking, digest, sql }: Migration): Promise<boolean> {
  await client.query("begin");
  try {
    const { rowCount } = await client.query(
      "insert into biplane.migrations (number, name, breaking, digest) values ($1, $2, $3, $4) on conflict do nothing",
      [number, name, breaking, digest],
    );
    if (rowCount === 1) await client.query(sql);
    await client.query("commit");
    return rowCount === 1;
  } catch (error) {
    await client.query("rollback");
    throw new Error(`the migration ${name} failed`, { cause: error });
  }
}
