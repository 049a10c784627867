/** A database of which a test hears each statement, with the settings that row-level security sees it under. */
import { type Database, type Transaction, textOf } from "../postgres.ts";

export interface Statement {
  /** Such as `biplane.org`; none of a statement outside of any transaction. */
  settings: Record<string, string>;
  text: string;
}

type Work<T> = (transaction: Transaction) => Promise<T>;

/** @param heard is called before the statement is made. */
export function watchedDatabase(database: Database, heard: (statement: Statement) => void): Database {
  const watched =
    <T>(settings: Record<string, string>, work: Work<T>): Work<T> =>
    (transaction) => {
      const told =
        (way: "query" | "last"): Transaction["query"] =>
        (text, values) => {
          heard({ settings, text: textOf(text) });
          return transaction[way](text, values);
        };
      return work({ query: told("query"), last: told("last") });
    };
  return {
    ...database,
    withOrg: (org, work, locks) => database.withOrg(org, watched({ "biplane.org": org }, work), locks),
    withSettings: (settings, work) => database.withSettings(settings, watched(settings, work)),
    query: new Proxy(database.query, {
      apply(target, self, given: unknown[]) {
        heard({ settings: {}, text: String(given[0]) });
        return Reflect.apply(target, self, given);
      },
    }),
  };
}
