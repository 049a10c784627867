/** The five words that a check can end in, and what they do to the exit code. */

export const outcomes = ["PASS", "FAIL", "MANUAL", "NOT_EVALUATED", "NOT_APPLICABLE"] as const;
export type Outcome = (typeof outcomes)[number];

/** What was seen at one subject. */
export interface Finding {
  /** What was looked at, so that a reader can look it up: `Pod/union/executor-…`, an ARN. */
  subject: string;
  ok: boolean;
  evidence: string;
}

export const pass = (subject: string, evidence: string): Finding => ({ subject, ok: true, evidence });
export const fail = (subject: string, evidence: string): Finding => ({ subject, ok: false, evidence });

/** A sabotage of the facts that were just read, and whether it turned the check red. */
export interface SabotageResult {
  name: string;
  red: boolean;
}

/**
 * A check's end. PASS carries what was inspected, at least one subject, and sabotages that were seen to turn it red;
 * the types leave no way to state a pass without them.
 */
export type Verdict =
  | {
      outcome: "PASS";
      inspected: readonly [Finding, ...Finding[]];
      sabotages: readonly [SabotageResult, ...SabotageResult[]];
    }
  | { outcome: "FAIL"; findings: readonly Finding[] }
  | { outcome: "MANUAL"; reason: string }
  | { outcome: "NOT_EVALUATED"; reason: string }
  | { outcome: "NOT_APPLICABLE"; evidence: string };

/** Exit codes of `verify`; if several hold, the first of 4, 3, 1, 2, 5, 0. */
export const exitCodes = {
  allPass: 0,
  findings: 1,
  notEvaluated: 2,
  usage: 3,
  bundleInvalid: 4,
  waivedOnly: 5,
} as const;
