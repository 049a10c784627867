/** Postgres over verified TLS, each tenant's statements inside a transaction that names the tenant to row-level security. */
import pg from "pg";
import type { DatabaseConfig } from "./config.ts";
import type { Logger } from "./log.ts";

export type Queryable = Pick<pg.ClientBase, "query">;

export interface Database {
  /** Runs `fn` in one transaction in which row-level security sees this organisation's rows, and no other's. */
  withOrg<T>(org: string, fn: (client: pg.PoolClient) => Promise<T>): Promise<T>;
  /** As `withOrg`, for look-ups that come before the organisation is known: sets other `biplane.*` settings. */
  withSettings<T>(settings: Record<`biplane.${string}`, string>, fn: (client: pg.PoolClient) => Promise<T>): Promise<T>;
  /** Without any tenant: row-level security shows no tenant's rows. */
  query: pg.Pool["query"];
  /** Throws while the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** For `pg.Client`s of one's own, such as a listener. */
export function clientConfig(config: DatabaseConfig, applicationName: string): pg.ClientConfig {
  return {
    host: config.DATABASE_HOST,
    port: config.DATABASE_PORT,
    database: config.DATABASE_NAME,
    user: config.DATABASE_USER,
    password: config.DATABASE_PASSWORD_FILE,
    ssl: {
      rejectUnauthorized: true,
      minVersion: "TLSv1.2",
      ...(config.DATABASE_CA_FILE ? { ca: config.DATABASE_CA_FILE } : {}),
    },
    application_name: applicationName,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    options: "-c search_path=biplane -c statement_timeout=30000 -c idle_in_transaction_session_timeout=30000",
  };
}

export function openDatabase(config: DatabaseConfig, applicationName: string, log: Logger): Database {
  const pool = new pg.Pool({ ...clientConfig(config, applicationName), max: config.DATABASE_POOL_SIZE });
  // Without a listener a connection that dies while idle would end the process.
  pool.on("error", (error) => log.warn("an idle database connection was lost", { error }));
  const withSettings: Database["withSettings"] = (settings, fn) => inTransaction(pool, settings, fn);
  return {
    withSettings,
    withOrg: (org, fn) => withSettings({ "biplane.org": org }, fn),
    query: pool.query.bind(pool),
    async ping() {
      await pool.query("select 1");
    },
    close: () => pool.end(),
  };
}

async function inTransaction<T>(
  pool: pg.Pool,
  settings: Record<string, string>,
  fn: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    // Local to the transaction: a pooled connection cannot carry one tenant into the next request. One round trip.
    const set = Object.entries(settings).map(
      ([name, value]) => `select set_config(${pg.escapeLiteral(name)}, ${pg.escapeLiteral(value)}, true)`,
    );
    await client.query(["begin", ...set].join("; "));
    const result = await fn(client);
    await client.query("commit");
    return result;
  } catch (error) {
    broken = await rollback(client);
    throw error;
  } finally {
    client.release(broken);
  }
}

/** @returns the reason why the connection must not be used again, if there is one. */
async function rollback(client: pg.PoolClient): Promise<Error | undefined> {
  try {
    await client.query("rollback");
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
