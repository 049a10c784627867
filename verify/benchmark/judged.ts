/** What one recommendation looks at, and how it is broken. */
import type { Facts } from "../facts.ts";
import type { BaselineFacts } from "../facts-baseline.ts";
import { type Finding, fail, pass } from "../outcome.ts";

export type BenchmarkFacts = BaselineFacts & Pick<Facts, "regionTrails" | "regionAlarms">;

export interface Judged {
  judge(facts: BenchmarkFacts): Finding[];
  /** What somebody would have done. */
  broken: string;
  /** False when the facts hold nothing to break. */
  breakIt(facts: BenchmarkFacts): undefined | false;
}

/** One finding for each; one that says so where there is none, which is as good as all of them. */
export function each<T>(things: readonly T[], judge: (thing: T) => Finding, none: string): Finding[] {
  return things.length > 0 ? things.map(judge) : [pass("account", none)];
}

export function judged(ok: boolean, subject: string, evidence: string): Finding {
  return ok ? pass(subject, evidence) : fail(subject, evidence);
}

/** @returns false when there is none */
export function change<T extends object>(thing: T | undefined, to: Partial<T>): undefined | false {
  if (thing === undefined) return false;
  Object.assign(thing, to);
  return undefined;
}
