/** Transactions of one organisation, with the locks that runs need. Beneath is services/shared/postgres.ts. */
import pg from "pg";
import { UserError } from "../../../shared/errors.ts";
import type { Database as Shared } from "../../shared/postgres.ts";

export interface Transaction {
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
}

/** Names of locks that are held until the transaction ends; `runTopic` makes them. */
export interface Locks {
  shared?: string[];
  exclusive?: string[];
}

export interface Database {
  /** Row security shows `org` only. The work is repeated where it lost a deadlock, so it may only touch the database. */
  withOrg<T>(org: string, work: (transaction: Transaction) => Promise<T>, locks?: Locks): Promise<T>;
}

/** Deadlock, serialisation failure: the same transaction again may well succeed. */
const passing = new Set(["40P01", "40001"]);
const tries = 4;

/** A number, a time or a text that a column cannot hold, such as a NUL character: the caller's mistake, not a bug. */
const unusable = new Set(["22003", "22007", "22008", "22021", "22P02", "22P05"]);

export function runsDatabase(database: Pick<Shared, "withOrg">): Database {
  return {
    async withOrg(org, work, locks = {}) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await database.withOrg(org, async (client) => {
            const lock = lockStatement(locks);
            if (lock) await client.query(lock);
            return work({ query: async (text, values) => (await client.query(text, values)).rows });
          });
        } catch (error) {
          if (!(error instanceof pg.DatabaseError)) throw error;
          if (unusable.has(error.code ?? ""))
            throw new UserError(`a value in the request cannot be kept: ${error.message}`);
          if (attempt === tries || !passing.has(error.code ?? "")) throw error;
        }
      }
    },
  };
}

/** A statement of its own: what follows must look at the tables after the lock is held. */
function lockStatement({ shared = [], exclusive = [] }: Locks): string {
  const lock = (kind: string) => (name: string) =>
    `select pg_advisory_xact_lock${kind}(hashtextextended(${pg.escapeLiteral(name)}, 0))`;
  // Sorted, so that two transactions with several locks cannot each wait for the other.
  return [...exclusive.toSorted().map(lock("")), ...shared.toSorted().map(lock("_shared"))].join("; ");
}
