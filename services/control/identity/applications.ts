/** The applications table, and who signs in: every statement about them. */

import type { CallerKind, Role } from "../../shared/auth/caller.ts";
import type { Place } from "../../shared/auth/permissions.ts";
import type { Bootstrap } from "../../shared/bootstrap.ts";
import type { Database, Transaction } from "../../shared/postgres.ts";

/** Whom a token is made for. */
export interface Holder {
  org: string;
  subject: string;
  kind: Exclude<CallerKind, "cluster">;
  role: Role;
  /** Id of the key that stands for the subject; null where they signed in themselves. */
  apiKey: string | null;
  /** Id of the session that a person began by a browser. */
  session?: string;
}

export interface ServiceAccount {
  clientId: string;
  description: string;
  role: string;
  places: Place[];
  declared: boolean;
  createdAt: Date;
}

interface NewServiceAccount extends Pick<ServiceAccount, "clientId" | "description" | "role" | "places"> {
  secretSha256: Buffer;
}

export interface ApplicationStore {
  /** An application, or an API key in force, by its id alone: the organisation is what a sign-in finds out. */
  find(clientId: string): Promise<(Holder & { secretSha256: Buffer }) | undefined>;
  create(org: string, account: NewServiceAccount): Promise<ServiceAccount>;
  list(org: string): Promise<ServiceAccount[]>;
  /** With its assignments and its API keys. */
  delete(org: string, clientId: string): Promise<"deleted" | "not-found" | "declared">;
  /** Makes the declared applications what the stack says; takes out those that it no longer declares. */
  bootstrap(applications: Bootstrap["applications"]): Promise<void>;
}

const columns = `client_id as "clientId", description, role, places, bootstrap as declared, created_at as "createdAt"`;

export function applicationStore(database: Database): ApplicationStore {
  return {
    find: (clientId) =>
      database.withSettings({ "biplane.client_id": clientId }, async (transaction) => {
        // One statement: how long it takes does not tell what there is. Of a key the owner's row decides, not a role.
        const rows = await transaction.query<Holder & { secretSha256: Buffer }>(
          `select org, client_id as subject, 'application' as kind, role, null as "apiKey",
             secret_sha256 as "secretSha256"
           from biplane.applications where client_id = $1
           union all
           select org, owner, owner_kind, 'none', key_id, secret_sha256
           from biplane.api_keys where key_id = $1 and revoked_at is null and expires_at > now()`,
          [clientId],
        );
        return rows[0];
      }),
    async create(org, { clientId, description, role, places, secretSha256 }) {
      const [made] = await database.withOrg(org, (transaction) =>
        transaction.query<ServiceAccount>(
          `insert into biplane.applications (org, client_id, description, role, places, secret_sha256)
           values ($1, $2, $3, $4, $5::jsonb, $6) returning ${columns}`,
          [org, clientId, description, role, JSON.stringify(places), secretSha256],
        ),
      );
      if (!made) throw new Error("an inserted row was not returned");
      return made;
    },
    list: (org) =>
      database.withOrg(org, (transaction) =>
        transaction.query<ServiceAccount>(
          `select ${columns} from biplane.applications where org = $1 order by created_at, client_id`,
          [org],
        ),
      ),
    delete: (org, clientId) => database.withOrg(org, (transaction) => deleteAccount(transaction, org, clientId)),
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

async function deleteAccount(transaction: Transaction, org: string, clientId: string) {
  const [found] = await transaction.query<{ declared: boolean }>(
    "select bootstrap as declared from biplane.applications where org = $1 and client_id = $2 for update",
    [org, clientId],
  );
  if (!found) return "not-found";
  if (found.declared) return "declared";
  const own = [org, clientId];
  await transaction.query("delete from biplane.applications where org = $1 and client_id = $2", own);
  await transaction.query(
    "delete from biplane.assignments where org = $1 and kind = 'application' and subject = $2",
    own,
  );
  await transaction.query(
    `update biplane.api_keys set revoked_at = now()
     where org = $1 and owner_kind = 'application' and owner = $2 and revoked_at is null`,
    own,
  );
  return "deleted";
}
