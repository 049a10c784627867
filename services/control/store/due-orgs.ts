/** In which organisations something may be due: their names and a time each, so that rounds need not look into all. */
import type { Database, Transaction } from "../../shared/postgres.ts";
import { ofAllOrgs } from "./known-orgs.ts";

/** What falls due. Names of our own tables, never a request's. */
export type Due = "triggers" | "conditions";

const orgsOf: Record<Due, string> = { triggers: "biplane.trigger_orgs", conditions: "biplane.condition_orgs" };

/** In the transaction that makes something due, after its own row, so that nothing of it can be missed. */
export async function announceDue(transaction: Transaction, of: Due, org: string, due: Date | null): Promise<void> {
  if (!due) return;
  await transaction.query(
    `insert into ${orgsOf[of]} as o (org, due_at) values ($1, $2)
     on conflict (org) do update set due_at = least(o.due_at, excluded.due_at)`,
    [org, due],
  );
}

export async function dueOrgs(database: Database, of: Due, now: Date): Promise<string[]> {
  const rows = await database.withSettings(ofAllOrgs, (transaction) =>
    transaction.query<{ org: string }>(`select org from ${orgsOf[of]} where due_at <= $1 order by due_at`, [now]),
  );
  return rows.map(({ org }) => org);
}

/** Until when there is nothing to do. Waits for whoever announces an earlier time, or makes them come after it. */
export async function settleOrg(database: Database, of: Due, org: string): Promise<void> {
  await database.withOrg(org, async (transaction) => {
    await transaction.query(`select 1 from ${orgsOf[of]} where org = $1 for update`, [org]);
    await transaction.query(
      `update ${orgsOf[of]} set due_at = (select min(t.due_at) from biplane.${of} t where t.org = $1) where org = $1`,
      [org],
    );
  });
}
