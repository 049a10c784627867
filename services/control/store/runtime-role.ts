/** The login that services use: it reads and writes rows, and can neither change tables nor see past row security. */
import type { Client } from "pg";
import { UserError } from "../../../shared/errors.ts";
import { currentDatabase, hasTable, inTurn, roleExists } from "./logins.ts";
import { scramVerifier } from "./scram.ts";

/**
 * Makes the login or gives it the password, and grants it what services need. Run after the migrations, as the owner.
 * @throws UserError where the login has powers that would make row security worthless.
 */
export async function ensureRuntimeRole(client: Client, user: string, password: string): Promise<void> {
  await inTurn(client, async () => {
    await makeRole(client, user, password);
    await grantRights(client, user);
  });
}

async function makeRole(client: Client, user: string, password: string): Promise<void> {
  const exists = await roleExists(client, user);
  if (exists) await refusePowers(client, user);
  const verifier = client.escapeLiteral(scramVerifier(password));
  const role = client.escapeIdentifier(user);
  await client.query(`${exists ? "alter" : "create"} role ${role} login password ${verifier}`);
}

async function grantRights(client: Client, user: string): Promise<void> {
  const role = client.escapeIdentifier(user);
  const database = await currentDatabase(client);
  await client.query(`
    revoke all on database ${database} from public;
    grant connect on database ${database} to ${role};
    revoke all on schema biplane from public;
    grant usage on schema biplane to ${role};
    grant select, insert, update, delete on all tables in schema biplane to ${role};
    revoke insert, update, delete on biplane.migrations from ${role}`);
  if (!(await hasTable(client, "audit_records"))) return;
  // Appended to, and never as of another time than the database's own.
  await client.query(`
    revoke insert, update, delete on biplane.audit_records from ${role};
    grant insert (org, subject, subject_kind, api_key, operation, resource, decision, reason, request_id)
      on biplane.audit_records to ${role}`);
  // Whoever could say that records are in the bucket could keep them out of it, as could whoever made an organisation forgotten.
  if (await hasTable(client, "audit_exports"))
    await client.query(`revoke insert, update, delete on biplane.audit_exports from ${role}`);
  if (await hasTable(client, "known_orgs"))
    await client.query(`revoke update, delete on biplane.known_orgs from ${role}`);
}

async function refusePowers(client: Client, user: string): Promise<void> {
  const { rows } = await client.query<{ power: string }>(
    `select power from pg_roles,
       lateral (values (rolsuper, 'SUPERUSER'), (rolbypassrls, 'BYPASSRLS'), (rolcreaterole, 'CREATEROLE'),
         (rolcreatedb, 'CREATEDB'), (rolreplication, 'REPLICATION'),
         (pg_has_role(rolname, current_user, 'member'), 'the rights of the owner')) as held (yes, power)
     where rolname = $1 and yes`,
    [user],
  );
  if (rows.length === 0) return;
  const powers = rows.map(({ power }) => power).join(", ");
  throw new UserError(`the runtime user ${user} has ${powers}; allowed: none of these. Name another login.`, {
    exitCode: 1,
  });
}
