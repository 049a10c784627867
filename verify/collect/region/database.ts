/**
 * Reads the database's catalogue: what may be in it and who may do what, never a row. Any login may look at pg_catalog,
 * so the one that is used needs no right on a table.
 */
import { readFileSync } from "node:fs";
import pg from "pg";
import type { Collected } from "../../facts.ts";
import type { DatabaseRoleFact, TableFact } from "../../facts-region.ts";
import type { ControlPlane } from "../../target.ts";
import { attempt, patienceMs } from "../attempt.ts";
import { readSecret } from "../secret-file.ts";
import { rolesQuery, tablesQuery } from "./catalogue.ts";

type Access = ControlPlane["database"];

export async function collectDatabase(access: Access): Promise<Pick<Collected, "regionTables" | "regionRoles">> {
  const request = (what: string) => `psql ${access.host}:${access.port}/${access.database} as ${access.user}: ${what}`;
  const [regionTables, regionRoles] = await Promise.all([
    attempt(request("pg_class, pg_attribute, pg_index, pg_constraint, pg_policy of all schemas but the server's"), () =>
      read<TableFact>(access, tablesQuery),
    ),
    attempt(request("pg_roles, pg_auth_members"), () => read<DatabaseRoleFact>(access, rolesQuery)),
  ]);
  return { regionTables, regionRoles };
}

async function read<Row extends pg.QueryResultRow>(access: Access, query: string): Promise<Row[]> {
  const client = new pg.Client(connection(access));
  await client.connect();
  try {
    return (await client.query<Row>(query)).rows;
  } finally {
    await client.end();
  }
}

function connection({ host, port, serverName, database, user, passwordFile, caFile }: Access): pg.ClientConfig {
  return {
    host,
    port,
    database,
    user,
    password: readSecret(passwordFile),
    ssl: {
      rejectUnauthorized: true,
      minVersion: "TLSv1.2",
      ...(serverName ? { servername: serverName } : {}),
      ...(caFile ? { ca: readFileSync(caFile, "utf8") } : {}),
    },
    application_name: "biplane-verify",
    connectionTimeoutMillis: patienceMs,
    options: `-c default_transaction_read_only=on -c statement_timeout=${patienceMs} -c search_path=pg_catalog`,
  };
}
