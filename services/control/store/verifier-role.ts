/** The login of whoever verifies the database from outside: it may look at the catalogue, and at no row of any table. */
import type { Client } from "pg";
import { refusePowers } from "./login-powers.ts";
import { scramVerifier } from "./scram.ts";

/**
 * Makes the login or gives it the password. Every login may read pg_catalog, so it is granted the connection and nothing
 * else. Run after the migrations, as the owner.
 * @throws UserError where the login has powers or is a member of another role: it would see what it must not.
 */
export async function ensureVerifierRole(client: Client, user: string, password: string): Promise<void> {
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
  if (exists) await refusePowers(client, user, "the verifier's login");
  const role = client.escapeIdentifier(user);
  const verifier = client.escapeLiteral(scramVerifier(password));
  const { rows } = await client.query<{ name: string }>("select current_database() as name");
  const database = client.escapeIdentifier(rows[0]?.name ?? "");
  await client.query(`
    ${exists ? "alter" : "create"} role ${role} login noinherit connection limit 5 password ${verifier};
    alter role ${role} set default_transaction_read_only = on;
    grant connect on database ${database} to ${role};
    revoke all on schema biplane from ${role};
    revoke all on all tables in schema biplane from ${role}`);
}
