/** Names results by what they are made from, so that a changed pin is a new name and an old result is never mistaken. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

export interface ContentInputs {
  /** Files or folders (taken whole); their names relative to `root` and their bytes count. */
  files?: string[];
  /** @default the file system's root */
  root?: string;
  /** Whatever else decides the result: flags, versions, programs wanted. */
  values?: Record<string, string | readonly string[]>;
}

/** @returns 16 hexadecimal digits of a SHA-256, the same for the same inputs in any order. */
export function contentKey({ files = [], root = "/", values = {} }: ContentInputs): string {
  const hash = createHash("sha256");
  // Every piece carries its length, so that no two lists of pieces read alike.
  const add = (piece: string | Buffer) => hash.update(`${Buffer.byteLength(piece)}:`).update(piece);
  for (const file of files.flatMap(expand).sort()) {
    add(relative(root, file));
    add(readFileSync(file));
  }
  for (const [name, value] of Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))) {
    add(name);
    add(JSON.stringify(value));
  }
  return hash.digest("hex").slice(0, 16);
}

function expand(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}
