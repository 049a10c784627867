/** What in this checkout decides each claim: checks, tests that say so, decision records, and the lists of accepted gaps. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { checks } from "../checks/index.ts";
import { type Limit, readLimits } from "../limits.ts";

export interface Deciders {
  /** Ids of checks whose PASS proves the claim. */
  checks: string[];
  /** Checks and test files that prove a stricter statement in its place, each with its decision record. */
  outdone: { by: string; record: string }[];
  /** Test files that call `proves` for it. */
  tests: string[];
  /** Why the local run does not decide it. */
  limit?: string;
  /** What is missing for it to be decided. Of a claim that nothing decides. */
  missing?: string;
}

/** What is decided by the checkout at `root`. A claim that nothing decides has an entry only for what is missing. */
export function readDeciders(root: string): Map<string, Deciders> {
  return joinDeciders(readTestClaims(root), readLimits(join(root, "sandbox/limits.yaml")), readUndecided());
}

function joinDeciders(
  tests: readonly TestClaim[],
  limits: readonly Limit[],
  undecided: readonly Undecided[],
): Map<string, Deciders> {
  const found = new Map<string, Deciders>();
  const of = (claim: string): Deciders => {
    const known = found.get(claim) ?? { checks: [], outdone: [], tests: [] };
    found.set(claim, known);
    return known;
  };
  for (const { id, claims, supersedes = {} } of checks) {
    for (const claim of claims) of(claim).checks.push(id);
    for (const [claim, record] of Object.entries(supersedes)) of(claim).outdone.push({ by: id, record });
  }
  for (const { claim, test, record } of tests) {
    if (record) of(claim).outdone.push({ by: test, record });
    else if (!of(claim).tests.includes(test)) of(claim).tests.push(test);
  }
  for (const { claim, reason } of limits) of(claim).limit = reason;
  for (const { claim, missing } of undecided) of(claim).missing = missing;
  return found;
}

const undecidedSchema = z.strictObject({
  undecided: z.array(z.strictObject({ claim: z.string(), missing: z.string().min(10) })),
});

type Undecided = z.infer<typeof undecidedSchema>["undecided"][number];

export function readUndecided(): Undecided[] {
  const path = join(import.meta.dirname, "undecided.yaml");
  return undecidedSchema.parse(parse(readFileSync(path, "utf8"))).undecided;
}

export interface TestClaim {
  claim: string;
  /** Path from the checkout's root. */
  test: string;
  /** The decision record by which it proves a stricter statement. */
  record?: string;
}

/**
 * @throws Error for a `proves` or `outdoes` whose claims are not written out in the call: they could not be told without
 * running it
 */
export function readTestClaims(root: string): TestClaim[] {
  const files = globSync("{test,services,sandbox,verify,components,stacks}/**/*.test.ts", { cwd: root }).sort();
  return files.flatMap((test) => {
    const source = readFileSync(join(root, test), "utf8");
    return /import \{[^}]*\bevidenceFor\b/.test(source) ? provedIn(source, test) : [];
  });
}

export function provedIn(source: string, test: string): TestClaim[] {
  const calls = source.matchAll(/(?<![\w.])(proves|outdoes)\(\s*(\[[^\]]*\])?(?:,\s*"(docs\/decisions\/[^"]+)")?/g);
  return [...calls].flatMap(([call, word, list, record]) => {
    if (list === undefined || !/^\[\s*("[a-z0-9-]+",?\s*)+\]$/.test(list))
      throw new Error(`${test}: ${call.trim()}… does not list its claims as plain strings`);
    if ((word === "outdoes") !== (record !== undefined))
      throw new Error(`${test}: ${call.trim()}… outdoes by no decision record, or proves by one`);
    return [...list.matchAll(/"([a-z0-9-]+)"/g)].map(([, claim = ""]) => ({
      claim,
      test,
      ...(record ? { record } : {}),
    }));
  });
}
