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
  return join(paths.state, "dns", "hosts");
}

/** Replaces all records of one source. `records`: name → address. */
export function setRecords(paths: Paths, source: string, records: Record<string, string>): void {
  const folder = join(paths.state, "dns");
  mkdirSync(folder, { recursive: true });
  replaceFile(join(folder, `${source}.json`), `${JSON.stringify(records, null, 2)}\n`);
  const lines = readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .flatMap((name) => Object.entries(readJson(join(folder, name))).map(([host, address]) => `${address} ${host}`));
  // Rewritten in place: CoreDNS and bind mounts follow the file, not the name.
  writeFileSync(hostsFile(paths), `${lines.join("\n")}\n`);
  writeMachineHosts(lines);
}

export function recordsOf(paths: Paths, source: string): Record<string, string> {
  const file = join(paths.state, "dns", `${source}.json`);
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
