/** The login of whoever verifies the database from outside: it may look at the catalogue, and at no row of any table. */
import type { Client } from "pg";
import { inTurn, makeNarrowLogin } from "./logins.ts";

/**
 * Makes the login or gives it the password. Every login may read pg_catalog, so it is granted the connection and nothing
 * else. Run after the migrations, as the owner.
 * @throws UserError where the login has powers or is a member of another role: it would see what it must not.
 */
export async function ensureVerifierRole(client: Client, user: string, password: string): Promise<void> {
  await inTurn(client, async () => {
    const role = await makeNarrowLogin(client, { user, password, whose: "the verifier's login", connections: 5 });
    await client.query(`alter role ${role} set default_transaction_read_only = on`);
  });
}
