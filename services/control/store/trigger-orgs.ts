/** In which organisations a trigger may be due: the one thing that the scheduler asks across organisations. */
import type { Database, Transaction } from "../../shared/postgres.ts";

/** In the transaction that makes a trigger due, after its own row, so that nothing of it can be missed. */
export async function announceDue(transaction: Transaction, org: string, due: Date | null): Promise<void> {
  if (!due) return;
  await transaction.query(
    `insert into biplane.trigger_orgs as o (org, due_at) values ($1, $2)
     on conflict (org) do update set due_at = least(o.due_at, excluded.due_at)`,
    [org, due],
  );
}

export async function dueOrgs(database: Database, now: Date): Promise<string[]> {
  const rows = await database.withSettings({ "biplane.scheduler": "on" }, (transaction) =>
    transaction.query<{ org: string }>("select org from biplane.trigger_orgs where due_at <= $1 order by due_at", [
      now,
    ]),
  );
  return rows.map(({ org }) => org);
}

/** Until when there is nothing to do. Waits for whoever announces an earlier time, or makes them come after it. */
export async function settleOrg(database: Database, org: string): Promise<void> {
  await database.withOrg(org, async (transaction) => {
    await transaction.query("select 1 from biplane.trigger_orgs where org = $1 for update", [org]);
    await transaction.query(
      `update biplane.trigger_orgs set due_at = (select min(t.due_at) from biplane.triggers t where t.org = $1)
       where org = $1`,
      [org],
    );
  });
}
