/**
 * Google Cloud's and Azure's side of the local run: what a project or a subscription holds, by the path that its REST API
 * has it under. A store of configuration, never a judge: nothing here enforces what it keeps.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Paths } from "../../paths.ts";
import { type Properties, sameValue } from "./values.ts";

export interface Entry {
  type: string;
  inputs: Properties;
  outputs: Properties;
  /** Of what the API never deletes: it is gone, and its name is taken for ever. */
  destroyed?: true;
  /** When it was made, as ISO 8601; of what stood before that was kept it is not known. */
  madeAt?: string;
}

export interface Kept {
  get(path: string): Entry | undefined;
  /**
   * What a killed process made of the very same inputs is taken over.
   * @throws as the API does, where anything else is there
   */
  add(path: string, entry: Entry): void;
  change(path: string, entry: Entry): void;
  remove(path: string): void;
  /** Whose paths begin so. */
  under(path: string): Entry[];
}

/** Of a member's entry: its resource stands before it. */
export const policyPart = ":iam/";

/** @param cloud whose it is, and the folder's name */
export function keptProject(paths: Paths, cloud: "gcp" | "azure" = "gcp"): Kept {
  const folder = join(paths.cloud, cloud);
  const file = join(folder, "kept.json");
  // Reads and writes are synchronous: two resources made at once cannot lose each other's entry.
  const load = (): Record<string, Entry> =>
    existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, Entry>) : {};
  const save = (entries: Record<string, Entry>) => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.new`, `${JSON.stringify(entries, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };
  return {
    get: (path) => load()[path],
    add(path, entry) {
      const entries = load();
      const held = entries[path];
      if (held && (held.destroyed || !sameValue(held.inputs, entry.inputs))) {
        throw new Error(`Error 409: ${path} already exists.`);
      }
      const madeAt = held ? held.madeAt : new Date().toISOString();
      save({ ...entries, [path]: { ...entry, ...(madeAt === undefined ? {} : { madeAt }) } });
    },
    change(path, entry) {
      const entries = load();
      const { madeAt } = entries[path] ?? {};
      save({ ...entries, [path]: { ...entry, ...(madeAt === undefined ? {} : { madeAt }) } });
    },
    remove(path) {
      const { [path]: _, ...others } = load();
      save(others);
    },
    under: (path) =>
      Object.entries(load())
        .filter(([held]) => held.startsWith(path))
        .map(([, entry]) => entry),
  };
}
