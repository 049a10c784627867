/** Which organisations there are: names, and nothing of theirs. What is then done for one is done in its name. */
import type { Database } from "../../shared/postgres.ts";

/** By which row-level security lets the region's own rounds read names of organisations, and times, of all. */
export const ofAllOrgs = { "biplane.scheduler": "on" } as const;

/** All of which an audit record or a run was ever written. */
export async function knownOrgs(database: Database): Promise<string[]> {
  const rows = await database.withSettings(ofAllOrgs, (transaction) =>
    transaction.last<{ org: string }>("select org from biplane.known_orgs order by org"),
  );
  return rows.map(({ org }) => org);
}
