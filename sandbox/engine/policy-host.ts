import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StackLayout } from "./layout.ts";

/** What the engine looks for beside itself when a pack is written for Node; it is started in the pack's folder. */
const program = "pulumi-analyzer-policy";

/**
 * Starts a pack by Node itself. The official host does the same after it has loaded a TypeScript compiler, which is a
 * second for every stack. By rename, since another stack's engine may start one at this moment.
 */
export function ensurePolicyHost({ backend }: StackLayout): void {
  const folder = join(backend, "cli", "bin");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const host = join(folder, program);
  writeFileSync(`${host}.${process.pid}`, `#!/bin/sh\nexec '${process.execPath}' ./index.js\n`, { mode: 0o700 });
  renameSync(`${host}.${process.pid}`, host);
}
