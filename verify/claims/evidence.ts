/**
 * What decided a claim: kept outside the checkout and the run, one folder a commit, so that no result of another commit
 * and no test that did not run can count.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** Of evidence about a region, which serves customers of every model. */
export const anyModel = "any";

const evidenceSchema = z.strictObject({
  claim: z.string(),
  /** Check id or test id that decided. */
  by: z.string(),
  result: z.enum(["pass", "fail", "not-evaluated"]),
  /** The sabotage that was seen to turn it red; a pass without one proves nothing. */
  sabotage: z.string().optional(),
  /** The decision record by which a stricter statement was decided in the claim's place. */
  decision: z.string().optional(),
  reason: z.string().optional(),
  at: z.iso.datetime(),
  cloud: z.string(),
  model: z.string(),
});

export type Evidence = z.infer<typeof evidenceSchema>;

/**
 * The checkout's commit. With changes on top, `-dirty-` and a hash of all of them, so that the results of one edit never
 * count for the next; `none` outside a repository.
 */
export function currentCommit(root: string): string {
  if (!existsSync(join(root, ".git"))) return "none";
  const git = (...args: string[]) => spawnSync("git", ["-C", root, ...args], { maxBuffer: 1 << 28 }).stdout;
  const head = git("rev-parse", "--verify", "--quiet", "HEAD").toString().trim() || "none";
  if (git("status", "--porcelain").length === 0) return head;
  const untracked = git("ls-files", "--others", "--exclude-standard", "-z").toString().split("\0").filter(Boolean);
  const changes = createHash("sha256").update(git("diff", "HEAD", "--binary"));
  for (const file of untracked) changes.update(file).update(contentOf(join(root, file)));
  return `${head}-dirty-${changes.digest("hex").slice(0, 12)}`;
}

/** As Git keeps it: of a link where it leads, which may be a folder, or nothing; of a repository in this one its name alone. */
function contentOf(path: string): Buffer | string {
  const found = lstatSync(path);
  if (found.isSymbolicLink()) return readlinkSync(path);
  return found.isDirectory() ? "" : readFileSync(path);
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
