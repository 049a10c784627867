/** The stack's config as the engine reads it: plain values in the file, secrets encrypted there by the engine. */
import { createHmac } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { execa } from "execa";
import { project, type StackLayout } from "./layout.ts";
import type { EngineCommand } from "./quick.ts";

export interface StackConfig {
  config: Record<string, string>;
  secrets: Record<string, string>;
}

/**
 * Makes the stack's config exactly this. A secret is encrypted anew only if it changed, told by a keyed hash, since
 * each costs a run of the engine; it goes there by standard input, never by arguments.
 */
export async function writeConfig(
  stack: Stack,
  layout: StackLayout,
  engine: EngineCommand,
  { config, secrets }: StackConfig,
): Promise<void> {
  const hashFile = join(layout.folder, "secrets.json");
  const known = existsSync(hashFile) ? (JSON.parse(readFileSync(hashFile, "utf8")) as Record<string, string>) : {};
  const passphrase = readFileSync(layout.passphraseFile);
  const hash = (value: string) => createHmac("sha256", passphrase).update(value).digest("hex");

  const settings = await stack.workspace.stackSettings(layout.name);
  const held = settings.config ?? {};
  const kept = Object.entries(secrets).filter(([key, value]) => {
    const entry = held[qualified(key)];
    return typeof entry === "object" && "secure" in entry && known[key] === hash(value);
  });
  const plain = Object.entries(config).map(([key, value]) => [qualified(key), value] as const);
  const next = Object.fromEntries([...plain, ...kept.map(([key]) => [qualified(key), held[qualified(key)] ?? ""])]);
  if (JSON.stringify(next) !== JSON.stringify(held)) {
    await stack.workspace.saveStackSettings(layout.name, { ...settings, config: next });
  }
  const changed = Object.entries(secrets).filter(([key]) => !kept.some(([same]) => same === key));
  for (const [key, value] of changed) {
    const args = ["config", "set", "--secret", qualified(key), "--stack", layout.name, "--non-interactive"];
    await execa(engine.command, args, { cwd: layout.folder, env: engine.env, input: value });
  }
  if (changed.length > 0) {
    const hashes = Object.fromEntries(Object.entries(secrets).map(([key, value]) => [key, hash(value)]));
    writeFileSync(hashFile, JSON.stringify(hashes), { mode: 0o600 });
  }
}

function qualified(key: string): string {
  return key.includes(":") ? key : `${project}:${key}`;
}
