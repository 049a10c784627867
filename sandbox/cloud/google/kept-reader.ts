/** The project as the provider keeps it (providers/machine/kept.ts), read anew when its file is another. */
import { existsSync, readFileSync, statSync } from "node:fs";
import type { Entries } from "./rights.ts";

export function keptReader(file: string): () => Entries {
  let seen = "";
  let entries: Entries = {};
  return () => {
    if (!existsSync(file)) return {};
    // Written by rename: another content is another inode.
    const { ino, mtimeMs } = statSync(file);
    const stamp = `${ino} ${mtimeMs}`;
    if (stamp !== seen) {
      entries = JSON.parse(readFileSync(file, "utf8")) as Entries;
      seen = stamp;
    }
    return entries;
  };
}
