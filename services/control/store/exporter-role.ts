/** The login that takes audit records out of the database: it reads them, and keeps account of what it took. */
import type { Client } from "pg";
import { refusePowers } from "./login-powers.ts";
import { scramVerifier } from "./scram.ts";

/**
 * Makes the login or gives it the password. The process that holds it has a role in the cloud too, so it may see neither
 * runs nor credentials, and can change no record. Run after the migrations, as the owner.
 * @throws UserError where the login has powers or is a member of another role.
 */
export async function ensureExporterRole(client: Client, user: string, password: string): Promise<void> {
  await client.query("begin");
  try {
    // Of two runners that change one role at the same time, Postgres lets one fail.
    await client.query("select pg_advisory_xact_lock(hashtextextended('biplane migrations', 0))");
    await makeRole(client, user, password);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

async function makeRole(client: Client, user: string, password: string): Promise<void> {
  const exists = (await client.query("select 1 from pg_roles where rolname = $1", [user])).rowCount === 1;
  if (exists) await refusePowers(client, user, "the exporter's login");
  const role = client.escapeIdentifier(user);
  const verifier = client.escapeLiteral(scramVerifier(password));
  const { rows } = await client.query<{ name: string }>("select current_database() as name");
  const database = client.escapeIdentifier(rows[0]?.name ?? "");
  await client.query(`
    ${exists ? "alter" : "create"} role ${role} login noinherit connection limit 40 password ${verifier};
    grant connect on database ${database} to ${role};
    grant usage on schema biplane to ${role};
    revoke all on all tables in schema biplane from ${role}`);
  const { rowCount } = await client.query("select 1 where to_regclass('biplane.audit_exports') is not null");
  if (rowCount === 0) return;
  await client.query(`
    grant select on biplane.audit_records to ${role};
    grant select, insert, update (stored_at) on biplane.audit_exports to ${role}`);
}
