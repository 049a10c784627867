/**
 * Names of the local run. Each source (the cloud's fixed names, the stack's zone) keeps its own records; together they
 * make one hosts file, which both clusters' DNS serves, and a marked block of the machine's own /etc/hosts, since the
 * client on this machine dials the same names.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Paths } from "./paths.ts";

const begin = "# biplane begin: written by `biplane up`, removed by `biplane down`";
const end = "# biplane end";

/** Served by the clusters' DNS. */
export function hostsFile(paths: Paths): string {
  return join(recordsFolder(paths), "hosts");
}

/**
 * The hosts file of the cloud's token service alone, if there is one: a given cluster's issuer has a name that belongs to
 * somebody else, and neither this machine nor any pod may be led astray by it.
 */
export function tokenServiceHosts(paths: Paths): string | undefined {
  const file = join(recordsFolder(paths), "token-service-hosts");
  return existsSync(file) ? file : undefined;
}

/** To be called before the cloud starts. */
export function setTokenServiceHosts(paths: Paths, records: Record<string, string>): void {
  const folder = recordsFolder(paths);
  mkdirSync(folder, { recursive: true });
  const lines = Object.entries({ localhost: "127.0.0.1", ...records }).map(([host, address]) => `${address} ${host}`);
  // In place: the running service has the file mounted.
  writeFileSync(join(folder, "token-service-hosts"), `${lines.join("\n")}\n`);
}

/** Replaces all records of one source. `records`: name → address. */
export function setRecords(paths: Paths, source: string, records: Record<string, string>): void {
  const folder = recordsFolder(paths);
  mkdirSync(folder, { recursive: true });
  replaceFile(join(folder, `${source}.json`), `${JSON.stringify(records, null, 2)}\n`);
  // Rewritten in place: CoreDNS and bind mounts follow the file, not the name.
  writeFileSync(hostsFile(paths), `${linesOf(folder).join("\n")}\n`);
  // Whoever has no cloud is a test of the engine with a state of its own: this machine's names are not its matter.
  if (existsSync(join(folder, "cloud.json"))) writeMachineHosts(linesOf(folder));
}

/** What the records say stands in /etc/hosts again, should somebody have taken it out. */
export function restoreMachineHosts(paths: Paths): void {
  writeMachineHosts(linesOf(recordsFolder(paths)));
}

function linesOf(folder: string): string[] {
  return Object.entries(recordsIn(folder)).map(([host, address]) => `${address} ${host}`);
}

/** Every name of the local run, with its address. @param folder as recordsFolder tells it */
export function recordsIn(folder: string): Record<string, string> {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  return Object.assign({}, ...files.sort().map((name) => readJson(join(folder, name)))) as Record<string, string>;
}

export function recordsFolder(paths: Paths): string {
  return join(paths.state, "dns");
}

export function recordsOf(paths: Paths, source: string): Record<string, string> {
  const file = join(recordsFolder(paths), `${source}.json`);
  return existsSync(file) ? readJson(file) : {};
}

/** Takes the marked block out of /etc/hosts. */
export function removeMachineHosts(): void {
  writeMachineHosts([]);
}

function writeMachineHosts(lines: string[]): void {
  const path = "/etc/hosts";
  const before = readFileSync(path, "utf8");
  const kept = before.replace(new RegExp(`\\n*${literal(begin)}[\\s\\S]*?${literal(end)}\\n?`), "\n");
  const block = lines.length > 0 ? `\n${begin}\n${lines.join("\n")}\n${end}\n` : "";
  const after = `${kept.trimEnd()}\n${block}`;
  if (after !== before) writeFileSync(path, after);
}

function readJson(path: string): Record<string, string> {
  return JSON.parse(readFileSync(path, "utf8")) as Record<string, string>;
}

function replaceFile(path: string, content: string): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
