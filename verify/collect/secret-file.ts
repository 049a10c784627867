import { readFileSync, statSync } from "node:fs";
import { refusal } from "../../shared/errors.ts";

/** @throws UserError for a file that others may read: what it guards would be theirs too. */
export function readSecret(file: string): string {
  const mode = statSync(file).mode & 0o777;
  if (mode & 0o077) {
    const allowed = "a file that only its owner can read";
    throw refusal({ subject: file, value: `mode ${mode.toString(8)}`, allowed, todo: `Run: chmod 600 ${file}` });
  }
  return readFileSync(file, "utf8").trimEnd();
}
