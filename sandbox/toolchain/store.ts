/** Parts in the cache: `<cache>/toolchain/<part>-<content key>/`, complete or not there at all. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Paths } from "../paths.ts";
import { contentKey } from "./content-key.ts";
import type { Machine } from "./machine.ts";
import type { Part } from "./part.ts";

/** Where a part stands on this machine. */
export interface PartState {
  part: Part;
  folder: string;
  /** Programs that PATH does not offer in a fitting version. */
  wanted: string[];
  /** Programs that PATH offers: name → absolute path. */
  found: Record<string, string>;
  ready: boolean;
}

/** Older results of a part that are kept, so that going back a commit costs nothing. */
const keptVersions = 1;

export function stateOf(paths: Paths, part: Part, machine: Machine): PartState {
  const folder = join(toolchainFolder(paths), `${part.id}-${contentKey(part.inputs(machine))}`);
  const found: Record<string, string> = {};
  for (const program of Object.keys(part.programs)) {
    const path = part.onPath?.(machine, program);
    if (path) found[program] = path;
  }
  const wanted = Object.keys(part.programs).filter((program) => !found[program]);
  // existsSync follows links: a Python environment whose interpreter was removed is not ready.
  const ready = wanted.every((program) => existsSync(join(folder, part.programs[program] ?? program)));
  return { part, folder, wanted, found, ready };
}

/**
 * Builds a part aside and moves it into place; a kill leaves only scratch, which the part's next build removes. One build
 * of a part at a time: the caller holds its lock.
 */
export async function buildPart(
  paths: Paths,
  state: PartState,
  machine: Machine,
  report: (detail: string) => void,
): Promise<void> {
  const room = join(toolchainFolder(paths), "building", state.part.id);
  rmSync(room, { recursive: true, force: true });
  mkdirSync(room, { recursive: true });
  const job = { folder: join(room, "result"), scratch: join(room, "scratch") };
  const log = join(paths.cache, "logs", `toolchain-${state.part.id}.log`);
  rmSync(log, { force: true });
  try {
    mkdirSync(job.folder);
    mkdirSync(job.scratch);
    await state.part.build({
      ...job,
      finalFolder: state.folder,
      wanted: state.wanted,
      machine,
      log,
      report,
    });
    // What stands there is incomplete, or the part would not have been built.
    rmSync(state.folder, { recursive: true, force: true });
    renameSync(job.folder, state.folder);
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
  prune(paths, state);
}

export function toolchainFolder(paths: Paths): string {
  return join(paths.cache, "toolchain");
}

function prune(paths: Paths, { part, folder }: PartState): void {
  // A content key has 16 digits: `node-x` must not take `node-x-extra-<key>` for its own.
  const own = new RegExp(`^${part.id}-[0-9a-f]{16}$`);
  const older = readdirSync(toolchainFolder(paths))
    .filter((name) => own.test(name))
    .map((name) => join(toolchainFolder(paths), name))
    .filter((path) => path !== folder)
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const path of older.slice(keptVersions)) rmSync(path, { recursive: true, force: true });
}
