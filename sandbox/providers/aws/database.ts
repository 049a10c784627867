/** What an RDS instance stands for here: a real database and a real login on the local PostgreSQL, TLS only. */
import pg from "pg";

export interface Master {
  name: string;
  password: string;
}

/** Makes the database and its owner, or gives both the state that a fresh instance would have; safe to repeat. */
export async function ensureDatabase(admin: pg.ClientConfig, database: string, master: Master): Promise<void> {
  await asAdmin(admin, async (client) => {
    const role = client.escapeIdentifier(master.name);
    const exists = await client.query("select 1 from pg_roles where rolname = $1", [master.name]);
    // As RDS's master user: makes databases and logins, but is no superuser and obeys row-level security.
    const rights = "login createdb createrole nosuperuser nobypassrls";
    const verb = exists.rowCount ? "alter" : "create";
    await client.query(`${verb} role ${role} with ${rights} password ${client.escapeLiteral(master.password)}`);
    const made = await client.query("select 1 from pg_database where datname = $1", [database]);
    if (!made.rowCount) await client.query(`create database ${client.escapeIdentifier(database)} owner ${role}`);
  });
}

/** Removes the database, its owner, and the logins that the owner made: an instance takes them all with it. */
export async function dropDatabase(admin: pg.ClientConfig, database: string, master: string): Promise<void> {
  await asAdmin(admin, async (client) => {
    await client.query(`drop database if exists ${client.escapeIdentifier(database)} with (force)`);
    const made = await client.query<{ name: string }>(
      `select made.rolname as name from pg_auth_members held
       join pg_roles made on made.oid = held.roleid join pg_roles owner on owner.oid = held.member
       where owner.rolname = $1 and held.admin_option`,
      [master],
    );
    for (const { name } of [...made.rows, { name: master }]) {
      await client.query(`drop role if exists ${client.escapeIdentifier(name)}`);
    }
  });
}

export async function databaseExists(admin: pg.ClientConfig, database: string): Promise<boolean> {
  const found = await asAdmin(admin, (client) =>
    client.query("select 1 from pg_database where datname = $1", [database]),
  );
  return found.rowCount === 1;
}

async function asAdmin<T>(admin: pg.ClientConfig, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(admin);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
