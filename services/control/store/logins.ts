/** Logins of the database: made in one transaction each, and those for one narrow purpose with nothing but its rights. */
import type { Client } from "pg";
import { UserError } from "../../../shared/errors.ts";
import { scramVerifier } from "./scram.ts";

/** Of two runners that change one role or one table's rights at the same time, Postgres lets one fail: they take turns. */
export async function inTurn(client: Client, work: () => Promise<void>): Promise<void> {
  await client.query("begin");
  try {
    await client.query("select pg_advisory_xact_lock(hashtextextended('biplane migrations', 0))");
    await work();
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

export const roleExists = async (client: Client, user: string): Promise<boolean> =>
  (await client.query("select 1 from pg_roles where rolname = $1", [user])).rowCount === 1;

/** Whether the migrations that were applied have made it, which those of an older build have not. */
export const hasTable = async (client: Client, name: string): Promise<boolean> =>
  (await client.query("select 1 where to_regclass($1) is not null", [`biplane.${name}`])).rowCount === 1;

/** As SQL writes it. */
export async function currentDatabase(client: Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>("select current_database() as name");
  return client.escapeIdentifier(rows[0]?.name ?? "");
}

export interface NarrowLogin {
  user: string;
  password: string;
  /** In words, such as "the verifier's login". */
  whose: string;
  /** At once, at most. */
  connections: number;
}

/**
 * Makes the login or gives it the password. It may connect, and has lost every right in our schema.
 * @returns the role as SQL writes it, to be granted what it is for
 * @throws UserError where it has powers or is a member of another role
 */
export async function makeNarrowLogin(
  client: Client,
  { user, password, whose, connections }: NarrowLogin,
): Promise<string> {
  const exists = await roleExists(client, user);
  if (exists) await refusePowers(client, user, whose);
  const role = client.escapeIdentifier(user);
  const verifier = client.escapeLiteral(scramVerifier(password));
  await client.query(`
    ${exists ? "alter" : "create"} role ${role} login noinherit connection limit ${connections} password ${verifier};
    grant connect on database ${await currentDatabase(client)} to ${role};
    revoke all on schema biplane from ${role};
    revoke all on all tables in schema biplane from ${role}`);
  return role;
}

async function refusePowers(client: Client, user: string, whose: string): Promise<void> {
  const { rows } = await client.query<{ power: string }>(
    `select power from pg_roles,
       lateral (values (rolsuper, 'SUPERUSER'), (rolbypassrls, 'BYPASSRLS'), (rolcreaterole, 'CREATEROLE'),
         (rolcreatedb, 'CREATEDB'), (rolreplication, 'REPLICATION'),
         (exists (select 1 from pg_auth_members where member = pg_roles.oid), 'another role')) as held (yes, power)
     where rolname = $1 and yes`,
    [user],
  );
  if (rows.length === 0) return;
  const powers = rows.map(({ power }) => power).join(", ");
  throw new UserError(`${whose} ${user} has ${powers}; allowed: none of these. Name another login.`, { exitCode: 1 });
}
