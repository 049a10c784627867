/** Two reports of one plane: what is new, what is fixed, what stayed, and what cannot be compared. */
import { z } from "zod";
import { exitCodes } from "../outcome.ts";
import type { Report, ReportedCheck } from "../report/result.ts";

const place = z.strictObject({ check: z.string(), subject: z.string(), evidence: z.string() });

export const diffSchema = z.strictObject({
  new: z.array(place).describe("Findings of the second alone"),
  fixed: z.array(place).describe("Findings of the first alone"),
  unchanged: z.array(place).describe("Findings of both, in the second's words"),
  incomparable: z
    .array(z.strictObject({ check: z.string(), before: z.string(), after: z.string() }))
    .describe("Checks that one of the two did not decide; nothing is said of their findings"),
});

export type Diff = z.infer<typeof diffSchema>;

/** A finding is the same when its check and its subject are; its evidence may be told in other words. */
export function diffReports(before: Report, after: Report): Diff {
  const ids = [...new Set([...before.checks, ...after.checks].map(({ id }) => id))];
  const diff: Diff = { new: [], fixed: [], unchanged: [], incomparable: [] };
  for (const id of ids) {
    const [old, now] = [before, after].map(({ checks }) => checks.find((check) => check.id === id));
    if (!isDecided(old) || !isDecided(now)) {
      if (old?.outcome !== now?.outcome || !isSettled(old)) {
        diff.incomparable.push({ check: id, before: wordOf(old), after: wordOf(now) });
      }
      continue;
    }
    const [was, is] = [findingsOf(old), findingsOf(now)];
    for (const [subject, evidence] of is) {
      (was.has(subject) ? diff.unchanged : diff.new).push({ check: id, subject, evidence });
    }
    for (const [subject, evidence] of was) if (!is.has(subject)) diff.fixed.push({ check: id, subject, evidence });
  }
  return diff;
}

/** 1 when something is new, 2 when something cannot be compared. */
export function exitCodeOfDiff(diff: Diff): number {
  if (diff.new.length > 0) return exitCodes.findings;
  return diff.incomparable.length > 0 ? exitCodes.notEvaluated : exitCodes.allPass;
}

type Maybe = ReportedCheck | undefined;

function isDecided(check: Maybe): check is ReportedCheck {
  return check?.outcome === "PASS" || check?.outcome === "FAIL";
}

/** That a check applies to neither is no gap. */
const isSettled = (check: Maybe) => check?.outcome === "NOT_APPLICABLE";

const wordOf = (check: Maybe) => (check ? [check.outcome, check.reason].filter(Boolean).join(": ") : "not asked");

function findingsOf({ findings }: ReportedCheck): Map<string, string> {
  return new Map(findings.filter(({ ok }) => !ok).map(({ subject, evidence }) => [subject, evidence]));
}

export function renderDiff(diff: Diff): string {
  const told = (word: string, findings: Diff["new"]) =>
    findings.map(({ check, subject, evidence }) => `${word.padEnd(13)} ${check.padEnd(8)} ${subject}: ${evidence}`);
  return [
    ...told("new", diff.new),
    ...told("fixed", diff.fixed),
    ...told("unchanged", diff.unchanged),
    ...diff.incomparable.map(
      ({ check, before, after }) => `${"incomparable".padEnd(13)} ${check.padEnd(8)} ${before} → ${after}`,
    ),
    `${diff.new.length} new · ${diff.fixed.length} fixed · ${diff.unchanged.length} unchanged · ${diff.incomparable.length} incomparable`,
  ].join("\n");
}
