/**
 * What decided a claim: kept outside the checkout and the run, one folder a commit, so that no result of another commit
 * and no test that did not run can count.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

export const evidenceSchema = z.strictObject({
  claim: z.string(),
  /** Check id or test id that decided. */
  by: z.string(),
  result: z.enum(["pass", "fail", "not-evaluated"]),
  /** The sabotage that was seen to turn it red; a pass without one proves nothing. */
  sabotage: z.string().optional(),
  reason: z.string().optional(),
  at: z.iso.datetime(),
  cloud: z.string(),
  model: z.string(),
});

export type Evidence = z.infer<typeof evidenceSchema>;

/** The checkout's commit; `-dirty` when it holds changes, `none` outside a repository. */
export function currentCommit(root: string): string {
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", root, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  if (!existsSync(join(root, ".git"))) return "none";
  const commit = hasCommit(root) ? git("rev-parse", "HEAD") : "none";
  return git("status", "--porcelain") === "" ? commit : `${commit}-dirty`;
}

function hasCommit(root: string): boolean {
  const refs = execFileSync("git", ["-C", root, "for-each-ref", "--count=1", "refs/heads"], { encoding: "utf8" });
  return refs.trim() !== "" || existsSync(join(root, ".git", "HEAD.lock"));
}

/** Replaces what `source` (such as `verify`, or a test file) said before about this commit. */
export function writeEvidence(folder: string, commit: string, source: string, evidence: readonly Evidence[]): void {
  const home = join(folder, commit);
  mkdirSync(home, { recursive: true });
  const path = join(home, `${source.replace(/[^A-Za-z0-9.-]+/g, "_")}.json`);
  writeFileSync(`${path}.new`, `${JSON.stringify(evidence, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

export function readEvidence(folder: string, commit: string): Evidence[] {
  const home = join(folder, commit);
  if (!existsSync(home)) return [];
  return readdirSync(home)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .flatMap((name) => z.array(evidenceSchema).parse(JSON.parse(readFileSync(join(home, name), "utf8"))));
}
