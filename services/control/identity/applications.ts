/** The applications table: every statement about it. */

import type { Role } from "../../shared/auth/caller.ts";
import type { Bootstrap } from "../../shared/bootstrap.ts";
import type { Database } from "../../shared/postgres.ts";

export interface Application {
  org: string;
  clientId: string;
  secretSha256: Buffer;
  role: Role;
}

export interface ApplicationStore {
  /** By its id alone: the organisation is what a sign-in finds out. */
  find(clientId: string): Promise<Application | undefined>;
  /** Makes the declared applications what the stack says; takes out those that it no longer declares. */
  bootstrap(applications: Bootstrap["applications"]): Promise<void>;
}

export function applicationStore(database: Database): ApplicationStore {
  return {
    find: (clientId) =>
      database.withSettings({ "biplane.client_id": clientId }, async (transaction) => {
        const rows = await transaction.query<Application>(
          `select org, client_id as "clientId", secret_sha256 as "secretSha256", role
           from biplane.applications where client_id = $1`,
          [clientId],
        );
        return rows[0];
      }),
    async bootstrap(applications) {
      const byOrg = Map.groupBy(applications, ({ org }) => org);
      for (const [org, declared] of byOrg) {
        await database.withOrg(org, async (transaction) => {
          for (const { clientId, secretSha256, role, places } of declared) {
            await transaction.query(
              `insert into biplane.applications (org, client_id, secret_sha256, role, places, bootstrap)
               values ($1, $2, decode($3, 'hex'), $4, $5::jsonb, true)
               on conflict (org, client_id) do update
               set secret_sha256 = excluded.secret_sha256, role = excluded.role, places = excluded.places,
                 bootstrap = true`,
              [org, clientId, secretSha256, role, JSON.stringify(places)],
            );
          }
          await transaction.query(
            "delete from biplane.applications where org = $1 and bootstrap and not client_id = any($2)",
            [org, declared.map(({ clientId }) => clientId)],
          );
        });
      }
    },
  };
}
