import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { StackLayout } from "./layout.ts";

/** What the engine looks for beside itself when a pack is written for Node; the official installation brings it. */
const program = "pulumi-analyzer-policy";

/** Says which Node runs a pack; by rename, since another stack's engine may start one at this moment. */
export function ensurePolicyHost({ backend }: StackLayout): void {
  const entry = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/run-policy-pack/index.js");
  const folder = join(backend, "cli", "bin");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const host = join(folder, program);
  writeFileSync(`${host}.${process.pid}`, `#!/bin/sh\nexec '${process.execPath}' '${entry}' "$@"\n`, { mode: 0o700 });
  renameSync(`${host}.${process.pid}`, host);
}
