/** `npm run gen`: writes `gen/` anew, the flyteidl2 wheel's services and our own `proto/biplane`. */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { generateFlyte } from "./flyte.ts";

const root = join(import.meta.dirname, "../..");
const out = join(root, "gen");
const python = process.env.BIPLANE_FLYTE_PYTHON ?? "python3";

rmSync(out, { recursive: true, force: true });
const count = generateFlyte(python, out);
execFileSync(join(root, "node_modules/.bin/buf"), ["generate", "proto"], { cwd: root, stdio: "inherit" });
process.stdout.write(`gen: ${count} files from flyteidl2, and proto/biplane\n`);
