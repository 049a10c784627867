/** Postgres over verified TLS, each tenant's statements inside a transaction that names the tenant to row-level security. */
import { createHash } from "node:crypto";
import pg from "pg";
import { UserError } from "../../shared/errors.ts";
import type { DatabaseConfig } from "./config.ts";
import type { Logger } from "./log.ts";
import { counter, gauge, histogram, secondsSince } from "./metrics.ts";

/** Text that is always the same: a connection plans it once and keeps the plan. */
export interface Statement {
  name: string;
  text: string;
}

/** For texts of the code, of which there are so many; one that a caller's wishes shape is not kept for ever. */
export function statement(text: string): Statement {
  return { name: createHash("sha256").update(text).digest("hex").slice(0, 24), text };
}

export const textOf = (asked: string | Statement) => (typeof asked === "string" ? asked : asked.text);

export interface Transaction {
  query<Row extends pg.QueryResultRow>(text: string | Statement, values?: unknown[]): Promise<Row[]>;
  /** The last of the transaction, sent together with its commit: one way to the database less. */
  last<Row extends pg.QueryResultRow>(text: string | Statement, values?: unknown[]): Promise<Row[]>;
}

/** Names of locks that are held until the transaction ends. */
interface Locks {
  shared?: string[];
  exclusive?: string[];
}

export interface Database {
  /**
   * Runs `work` in one transaction in which row-level security sees this organisation's rows, and no other's. It is
   * repeated where it lost a deadlock, so it may only touch the database.
   * @throws UserError for a value that a column cannot hold.
   */
  withOrg<T>(org: string, work: (transaction: Transaction) => Promise<T>, locks?: Locks): Promise<T>;
  /** For look-ups that come before the organisation is known: sets other `biplane.*` settings. Runs once. */
  withSettings<T>(
    settings: Record<`biplane.${string}`, string>,
    work: (transaction: Transaction) => Promise<T>,
  ): Promise<T>;
  /** Without any tenant: row-level security shows no tenant's rows. */
  query: pg.Pool["query"];
  /** Throws while the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const connections = gauge("biplane_database_connections", "Connections of the pool that are open", {
  state: ["idle", "busy"],
});
const waiting = gauge("biplane_database_waiting", "Who waits for a connection of the pool", {});
const queries = histogram("biplane_database_query_seconds", "How long single statements of transactions took", {
  outcome: ["done", "failed"],
});
const transactions = histogram(
  "biplane_database_transaction_seconds",
  "How long transactions took, from asking for a connection to the end of the commit",
  { outcome: ["committed", "failed"] },
);
const repeated = counter("biplane_database_repeated_total", "Transactions that were run again after a deadlock", {});

/** Deadlock, serialisation failure: the same transaction again may well succeed. */
const passing = new Set(["40P01", "40001"]);
const tries = 4;

/** A number, a time or a text that a column cannot hold, such as a NUL character: the caller's mistake, not a bug. */
const unusable = new Set(["22003", "22007", "22008", "22021", "22P02", "22P05"]);

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
  // What is asked without waiting for the answer before it is sent at once.
  const pool = new pg.Pool({
    ...clientConfig(config, applicationName),
    max: config.DATABASE_POOL_SIZE,
    pipeline: true,
  });
  // Without a listener a connection that dies while idle would end the process.
  pool.on("error", (error) => log.warn("an idle database connection was lost", { error }));
  const unwatch = watchPool(pool);
  return {
    withSettings: (settings, work) => inTransaction(pool, settings, work),
    async withOrg(org, work, locks = {}) {
      const lock = lockStatements(locks);
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await inTransaction(pool, { "biplane.org": org }, work, lock);
        } catch (error) {
          if (!(error instanceof pg.DatabaseError)) throw error;
          if (unusable.has(error.code ?? ""))
            throw new UserError(`a value in the request cannot be kept: ${error.message}`);
          if (attempt === tries || !passing.has(error.code ?? "")) throw error;
          repeated.add({});
        }
      }
    },
    query: pool.query.bind(pool),
    async ping() {
      await pool.query("select 1");
    },
    async close() {
      unwatch();
      await pool.end();
    },
  };
}

/** @returns what ends it. */
function watchPool(pool: pg.Pool): () => void {
  const ends = [
    connections.read({ state: "idle" }, () => pool.idleCount),
    connections.read({ state: "busy" }, () => pool.totalCount - pool.idleCount),
    waiting.read({}, () => pool.waitingCount),
  ];
  return () => {
    for (const end of ends) end();
  };
}

async function inTransaction<T>(
  pool: pg.Pool,
  settings: Record<string, string>,
  work: (transaction: Transaction) => Promise<T>,
  locks: string[] = [],
): Promise<T> {
  const began = performance.now();
  let outcome: "committed" | "failed" = "failed";
  try {
    const result = await onConnection(await pool.connect(), settings, work, locks);
    outcome = "committed";
    return result;
  } finally {
    transactions.observe({ outcome }, secondsSince(began));
  }
}

async function onConnection<T>(
  client: pg.PoolClient,
  settings: Record<string, string>,
  work: (transaction: Transaction) => Promise<T>,
  locks: string[],
): Promise<T> {
  let broken: Error | undefined;
  // Local to the transaction: a pooled connection cannot carry one tenant into the next request.
  const set = Object.entries(settings).map(
    ([name, value]) => `select set_config(${pg.escapeLiteral(name)}, ${pg.escapeLiteral(value)}, true)`,
  );
  // Not awaited: the first statement goes with it. Without it that one would see no tenant's rows.
  const begun = client.query(["begin", ...set, ...locks].join("; "));
  const failed = begun.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  try {
    const { transaction, committed } = over(client);
    const result = await work(transaction);
    await begun;
    await (committed() ?? client.query("commit"));
    return result;
  } catch (error) {
    broken = await rollback(client);
    // After a beginning that failed every statement fails, and tells nothing of the reason.
    throw (await failed)?.error ?? error;
  } finally {
    client.release(broken);
  }
}

function over(client: pg.PoolClient) {
  let commit: Promise<unknown> | undefined;
  const send = (text: string | Statement, values?: unknown[]) =>
    timed(client.query(typeof text === "string" ? { text, values } : { ...text, values }));
  const transaction: Transaction = {
    query: async (text, values) => (await send(text, values)).rows,
    async last(text, values) {
      const asked = send(text, values);
      commit = client.query("commit");
      const [{ rows }] = await Promise.all([asked, commit]);
      return rows;
    },
  };
  return { transaction, committed: () => commit };
}

async function timed<T>(sent: Promise<T>): Promise<T> {
  const began = performance.now();
  let outcome: "done" | "failed" = "failed";
  try {
    const answer = await sent;
    outcome = "done";
    return answer;
  } finally {
    queries.observe({ outcome }, secondsSince(began));
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

/** Statements of their own: what follows must look at the tables after the lock is held. */
function lockStatements({ shared = [], exclusive = [] }: Locks): string[] {
  const lock = (kind: string) => (name: string) =>
    `select pg_advisory_xact_lock${kind}(hashtextextended(${pg.escapeLiteral(name)}, 0))`;
  // Sorted, so that two transactions with several locks cannot each wait for the other.
  return [...exclusive.toSorted().map(lock("")), ...shared.toSorted().map(lock("_shared"))];
}
