/** What the region's database holds, as it answers it: on the disk Postgres packs values over 2 KB, which hides words. */
import pg from "pg";
import { databaseAdmin } from "../../sandbox/cloud/database.ts";
import { here } from "./local-run.ts";

export interface TableText {
  /** `database.schema.table` */
  table: string;
  text: string;
}

/** Every row of every table of every database of the server that is nobody's template. */
export async function databaseRows(): Promise<TableText[]> {
  const admin = databaseAdmin(here);
  const names = await within(admin, (client) =>
    column(client, "select datname as value from pg_database where not datistemplate and datallowconn"),
  );
  const found: TableText[] = [];
  for (const database of names) {
    const read = (client: pg.Client) => rowsOf(client, database);
    found.push(...(await within({ ...admin, database }, read)));
  }
  return found;
}

/** While a database of its own, beside the region's, has one row that holds the text. */
export async function withPlanted(text: string, work: () => Promise<void>): Promise<void> {
  const admin = databaseAdmin(here);
  const database = "biplane_planted";
  await within(admin, (client) => client.query(`create database ${database}`));
  try {
    await within({ ...admin, database }, async (client) => {
      await client.query("create table planted (body bytea)");
      await client.query("insert into planted values ($1)", [Buffer.from(text)]);
    });
    await work();
  } finally {
    await within(admin, (client) => client.query(`drop database ${database} with (force)`));
  }
}

async function rowsOf(client: pg.Client, database: string): Promise<TableText[]> {
  // Bytes as the characters that they are, where they are some.
  await client.query("set bytea_output = 'escape'");
  const tables = await column(
    client,
    `select format('%I.%I', schemaname, tablename) as value from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  const found: TableText[] = [];
  for (const table of tables) {
    const rows = await column(client, `select found::text as value from ${table} as found`);
    found.push({ table: `${database}.${table}`, text: rows.join("\n") });
  }
  return found;
}

async function column(client: pg.Client, query: string): Promise<string[]> {
  const { rows } = await client.query<{ value: string }>(query);
  return rows.map(({ value }) => value);
}

async function within<T>(config: pg.ClientConfig, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(config);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
