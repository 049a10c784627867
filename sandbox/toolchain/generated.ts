/** `gen/`: code generated from the flyteidl2 wheel and `proto/`. Not kept in git, made anew when its sources change. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Paths } from "../paths.ts";
import { contentKey } from "./content-key.ts";
import { runLogged } from "./run.ts";

const root = join(import.meta.dirname, "../..");
const stamp = join(root, "gen/.content-key");
/** Within the checkout: another checkout makes a `gen/` of its own. */
export const generatedLock = join(root, ".biplane/gen.lock");

export function generatedIsCurrent(): boolean {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === generatedKey();
}

/** @param python an interpreter that can import `flyteidl2`. */
export async function generate(paths: Paths, python: string): Promise<void> {
  const key = generatedKey();
  rmSync(stamp, { force: true });
  await runLogged({
    command: process.execPath,
    args: [join(root, "proto/generate/main.ts")],
    cwd: root,
    // This very Node comes first for the tools that look for one.
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}`, BIPLANE_FLYTE_PYTHON: python },
    log: join(paths.cache, "logs", "generate.log"),
  });
  // Last: a generator that was killed leaves no stamp, so it runs again.
  writeFileSync(stamp, key);
}

function generatedKey(): string {
  return contentKey({
    root,
    files: [
      join(root, "proto"),
      join(root, "buf.gen.yaml"),
      join(root, "node_modules/@bufbuild/protoc-gen-es/package.json"),
      // Pins flyteidl2.
      join(import.meta.dirname, "python/client.txt"),
    ],
  });
}
