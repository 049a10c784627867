import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { here } from "./local-run.ts";

/** Tables, indexes and the write-ahead log, as they lie on the disk; the server writes its own to the machine's logs. */
export function databaseFiles(): string[] {
  return ["base", "pg_wal"].flatMap((folder) => {
    const path = join(here.cloud, "postgres", "data", folder);
    const names = readdirSync(path, { recursive: true, encoding: "utf8" });
    return names.map((name) => join(path, name)).filter((file) => statSync(file).isFile());
  });
}
