/** Secrets of one local run: made from randomness when first asked for, kept in files that only root reads. */
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** @returns 32 random bytes as base64url, the same as long as the file exists */
export function ensureSecret(file: string): string {
  if (!existsSync(file)) writePrivate(file, randomBytes(32).toString("base64url"));
  return readFileSync(file, "utf8");
}

/** Writes a whole file or none, mode 0600. */
export function writePrivate(file: string, content: string, owner?: { uid: number; gid: number }): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o711 });
  writeFileSync(`${file}.new`, content, { mode: 0o600 });
  if (owner) chownSync(`${file}.new`, owner.uid, owner.gid);
  renameSync(`${file}.new`, file);
}
