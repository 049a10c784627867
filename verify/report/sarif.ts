import type { Severity } from "../severity.ts";
import { type Report, type ReportedCheck, titleOf } from "./result.ts";

/** What code scanning shows; GitHub sorts by the number. */
const levels: Record<Severity, { level: "error" | "warning" | "note"; score: string }> = {
  critical: { level: "error", score: "9.5" },
  high: { level: "error", score: "8.0" },
  medium: { level: "warning", score: "5.5" },
  low: { level: "note", score: "2.0" },
};

/**
 * SARIF 2.1.0 (OASIS): a rule a check, a result a finding; also of what passed, and of what was not decided, which is
 * "open" and never absent. What is waived is a result with a suppression.
 */
export function renderSarif(report: Report): string {
  const end = new Date(Date.parse(report.startedAt) + report.seconds * 1000).toISOString();
  const unread = report.requests.filter(({ read }) => !read);
  const log = {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: report.tool, version: report.commit, rules: report.checks.map(ruleOf) } },
        automationDetails: { id: `biplane-verify/${titleOf(report.target)}` },
        invocations: [
          {
            executionSuccessful: unread.length === 0,
            ...{ startTimeUtc: report.startedAt, endTimeUtc: end, exitCode: report.exitCode },
            toolExecutionNotifications: unread.map(({ fact, request, reason }) => ({
              level: "error",
              message: { text: `${fact} could not be read: ${reason} (${request})` },
            })),
          },
        ],
        results: report.checks.flatMap(resultsOf),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function ruleOf({ id, title, severity, plane, claims, fix }: ReportedCheck) {
  const { level, score } = levels[severity];
  return {
    id,
    shortDescription: { text: title },
    help: { text: fix },
    defaultConfiguration: { level },
    properties: { plane, claims, tags: ["security", plane], "security-severity": score },
  };
}

function resultsOf(check: ReportedCheck, ruleIndex: number) {
  const base = { ruleId: check.id, ruleIndex };
  const at = (subject: string) => ({
    locations: [{ logicalLocations: [{ fullyQualifiedName: subject, kind: "resource" }] }],
  });
  const undecided = { MANUAL: "review", NOT_EVALUATED: "open", NOT_APPLICABLE: "notApplicable" } as const;
  if (check.outcome !== "PASS" && check.outcome !== "FAIL") {
    const text = check.reason ?? check.outcome;
    return [{ ...base, kind: undecided[check.outcome], level: "none", message: { text }, ...at(check.title) }];
  }
  return check.findings.map(({ subject, ok, evidence, fingerprint, waived }) => ({
    ...base,
    ...(ok ? { kind: "pass", level: "none" } : { kind: "fail", level: levels[check.severity].level }),
    message: { text: `${subject}: ${evidence}` },
    ...at(subject),
    ...(fingerprint ? { partialFingerprints: { "biplaneFinding/v1": fingerprint } } : {}),
    ...(waived ? { suppressions: [suppressionOf(waived)] } : {}),
  }));
}

function suppressionOf({ owner, reason, expires }: { owner: string; reason: string; expires: string }) {
  return { kind: "external", status: "accepted", justification: `${reason} (${owner}, until ${expires})` };
}
