/**
 * A real Postgres for tests, with TLS and roles as in production: an owner that migrates and a runtime role that
 * row-level security binds. The migrations run once into a template; every database of a test is a clone of it.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import pg from "pg";
import { ensureExporterRole } from "../../control/store/exporter-role.ts";
import { migrate, readMigrations } from "../../control/store/migrations.ts";
import { ensureRuntimeRole } from "../../control/store/runtime-role.ts";
import type { DatabaseConfig } from "../config.ts";
import { type Settings, startPostgresServer } from "./postgres-server.ts";

export interface TestDatabases {
  /** A fresh clone of the migrated template. @returns how the runtime role reaches it. */
  database(): Promise<DatabaseConfig>;
  /** The same database as the login that takes audit records out of it. */
  exporterOf(database: DatabaseConfig): DatabaseConfig;
  /** The same database as its owner, which row-level security does not show more, but which may look at the catalogue. */
  ownerOf(database: DatabaseConfig): pg.ClientConfig;
}

export interface TestPostgres extends TestDatabases {
  access: TestPostgresAccess;
  /** Ends the server's process, and starts it again, as a restart of the database does. */
  restart(): Promise<void>;
  /** What the provider of a managed database can do and its owner cannot, such as taking backups. */
  administratorOf(database: string): pg.ClientConfig;
  /** Folder of everything that the server knows. */
  data: string;
  stop(): Promise<void>;
}

/** All that another process needs to make databases in a server that runs. Plain data. */
export interface TestPostgresAccess {
  port: number;
  certificate: string;
  passwords: Record<"superuser" | "owner" | "runtime" | "exporter", string>;
}

export interface TestPostgresOptions {
  /** Prepares the template as the owner. @default every file of services/control/store/migrations, in order */
  apply?: (owner: pg.Client) => Promise<void>;
  /** Server settings beside those of every test. @default none */
  settings?: Settings;
}

/** A server of a test's own, for one that restarts it or wants another template. */
export async function startTestPostgres({
  apply = allMigrations,
  settings,
}: TestPostgresOptions = {}): Promise<TestPostgres> {
  const passwords = { superuser: secret(), owner: secret(), runtime: secret(), exporter: secret() };
  const server = await startPostgresServer(passwords.superuser, settings);
  const access: TestPostgresAccess = { port: server.port, certificate: server.certificate, passwords };
  try {
    await withClient(as(access, "superuser", "postgres"), async (client) => {
      // As on a managed database: the owner is no superuser, but may make the runtime login.
      await client.query(`create role owner login createrole password '${passwords.owner}'`);
      await client.query("create database template owner owner");
    });
    await withClient(as(access, "owner", "template"), async (client) => {
      await apply(client);
      await ensureRuntimeRole(client, "runtime", passwords.runtime);
      await ensureExporterRole(client, "exporter", passwords.exporter);
    });
  } catch (error) {
    await server.stop();
    throw error;
  }
  const administratorOf = (database: string) => as(access, "superuser", database);
  const { data, restart, stop } = server;
  return { ...databasesOf(access), access, administratorOf, data, restart, stop };
}

/** Makes databases in a server that another process may have started. */
export function databasesOf(access: TestPostgresAccess): TestDatabases {
  return {
    async database() {
      // Random, since several processes may share the server.
      const name = `test_${secret()}`;
      await withClient(as(access, "superuser", "postgres"), (client) =>
        client.query(`create database ${name} template template owner owner`),
      );
      return {
        DATABASE_HOST: "127.0.0.1",
        DATABASE_PORT: access.port,
        DATABASE_NAME: name,
        DATABASE_USER: "runtime",
        DATABASE_PASSWORD_FILE: access.passwords.runtime,
        DATABASE_CA_FILE: access.certificate,
        DATABASE_POOL_SIZE: 10,
      };
    },
    exporterOf: (database) => ({
      ...database,
      DATABASE_USER: "exporter",
      DATABASE_PASSWORD_FILE: access.passwords.exporter,
    }),
    ownerOf: ({ DATABASE_NAME }) => as(access, "owner", DATABASE_NAME),
  };
}

function as(access: TestPostgresAccess, who: "superuser" | "owner", database: string): pg.ClientConfig {
  return {
    host: "127.0.0.1",
    port: access.port,
    user: who === "superuser" ? "postgres" : who,
    password: access.passwords[who],
    database,
    ssl: { ca: access.certificate },
  };
}

async function allMigrations(owner: pg.Client): Promise<void> {
  await migrate(owner, readMigrations(join(import.meta.dirname, "../../control/store/migrations")));
}

async function withClient<T>(config: pg.ClientConfig, fn: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(config);
  await client.connect();
  try {
    return await fn(client);
  } finally {
    await client.end();
  }
}

const secret = () => randomBytes(16).toString("hex");
