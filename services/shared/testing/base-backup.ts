/**
 * Backup and point-in-time recovery with the server's own means, as a managed database does them: a copy of the data
 * folder while the server runs, the write-ahead log beside it, and an empty server that replays the log up to a moment.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { freePort } from "./free-port.ts";
import type { TestPostgres } from "./postgres.ts";
import { endServer, own, startServer } from "./postgres-server.ts";

/** Server settings under which each finished part of the log is copied to `archive`. */
export function archiving(archive: string): Record<string, string> {
  mkdirSync(archive, { recursive: true });
  own(archive);
  return { archive_mode: "on", archive_command: `cp %p ${archive}/%f`, full_page_writes: "on" };
}

/** What belongs to the running process, or is in the archive. */
const left = new Set(["pg_wal", "postmaster.pid", "postmaster.opts"]);

/** Copies the data folder of the running server to `folder`; the log makes the copy whole. */
export async function takeBaseBackup(postgres: TestPostgres, folder: string): Promise<void> {
  // Beginning and end must be said in one session.
  const client = new pg.Client(postgres.administratorOf("postgres"));
  await client.connect();
  try {
    await client.query("select pg_backup_start('drill', true)");
    mkdirSync(folder, { mode: 0o700 });
    for (const name of readdirSync(postgres.data)) {
      if (!left.has(name)) cpSync(join(postgres.data, name), join(folder, name), { recursive: true });
    }
    const ended = await client.query<{ labelfile: string }>("select labelfile from pg_backup_stop(true)");
    writeFileSync(join(folder, "backup_label"), ended.rows[0]?.labelfile ?? "");
  } finally {
    await client.end();
  }
}

/** Ends the part of the log that is being written and waits until it is in the archive. */
export async function archiveLog(postgres: TestPostgres, archive: string, patienceMs = 20_000): Promise<void> {
  const client = new pg.Client(postgres.administratorOf("postgres"));
  await client.connect();
  try {
    const { rows } = await client.query<{ file: string }>(
      "select pg_walfile_name(pg_current_wal_insert_lsn()) as file",
    );
    await client.query("select pg_switch_wal()");
    const last = join(archive, rows[0]?.file ?? "");
    for (let waited = 0; !existsSync(last); waited += 50) {
      if (waited > patienceMs) throw new Error(`the log ${last} was not archived`);
      await sleep(50);
    }
  } finally {
    await client.end();
  }
}

export interface Restored {
  port: number;
  stop(): Promise<void>;
}

export interface Restore {
  backup: string;
  archive: string;
  /** Folder of the new server; must not exist. */
  data: string;
  /** Everything that was committed before it comes back. @default all that the archive has */
  until?: Date;
}

/** Starts an empty server from the backup. It answers once it has replayed the log and taken over. */
export async function restore({ backup, archive, data, until }: Restore): Promise<Restored> {
  mkdirSync(data, { mode: 0o700 });
  for (const name of readdirSync(backup)) cpSync(join(backup, name), join(data, name), { recursive: true });
  mkdirSync(join(data, "pg_wal"), { mode: 0o700 });
  writeFileSync(join(data, "recovery.signal"), "");
  const entries = readdirSync(data, { recursive: true, encoding: "utf8" });
  for (const path of [data, ...entries.map((entry) => join(data, entry))]) own(path);
  const port = await freePort();
  const server = await startServer(data, port, {
    restore_command: `cp ${archive}/%f %p`,
    recovery_target_action: "promote",
    ...(until ? { recovery_target_time: until.toISOString().replace("Z", "+00") } : {}),
  });
  return {
    port,
    async stop() {
      await endServer(server);
      rmSync(data, { recursive: true, force: true });
    },
  };
}
