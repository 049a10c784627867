/** What a login that is made for one narrow purpose must not have. */
import type { Client } from "pg";
import { UserError } from "../../../shared/errors.ts";

/** @param whose in words, such as "the verifier's login". @throws UserError where it has powers or is in another role */
export async function refusePowers(client: Client, user: string, whose: string): Promise<void> {
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
