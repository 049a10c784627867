/** The login that takes audit records out of the database: it reads them, and keeps account of what it took. */
import type { Client } from "pg";
import { hasTable, inTurn, makeNarrowLogin } from "./logins.ts";

/**
 * Makes the login or gives it the password. The process that holds it has a role in the cloud too, so it may see neither
 * runs nor credentials, and can change no record. Run after the migrations, as the owner.
 * @throws UserError where the login has powers or is a member of another role.
 */
export async function ensureExporterRole(client: Client, user: string, password: string): Promise<void> {
  await inTurn(client, async () => {
    const role = await makeNarrowLogin(client, { user, password, whose: "the exporter's login", connections: 40 });
    await client.query(`grant usage on schema biplane to ${role}`);
    if (!(await hasTable(client, "audit_exports"))) return;
    await client.query(`
      grant select on biplane.audit_records to ${role};
      grant select, insert, update (stored_at) on biplane.audit_exports to ${role}`);
    if (await hasTable(client, "known_orgs")) await client.query(`grant select on biplane.known_orgs to ${role}`);
  });
}
