/** This checkout as a later version of itself: what an operator upgrades to. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { checkout } from "./paths.ts";

const leftOut = new Set(["node_modules", ".git", ".biplane"]);

/** @returns its folder, and what takes it away */
export function newerCheckout(version: string): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "biplane-newer-"));
  const isWanted = (path: string) => !leftOut.has(relative(checkout, path).split(sep)[0] ?? "");
  cpSync(checkout, folder, { recursive: true, filter: isWanted });
  symlinkSync(join(checkout, "node_modules"), join(folder, "node_modules"));
  const file = join(folder, "package.json");
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), version }, null, 2));
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}
