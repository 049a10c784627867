import { escapeMarkup as text } from "./escape.ts";
import { type Report, type ReportedCheck, titleOf } from "./result.ts";

/** A test case a check; what was not decided is skipped, never passed. */
export function renderJunit(report: Report): string {
  const failures = report.counts.FAIL;
  const skipped = report.checks.length - failures - report.counts.PASS;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="biplane verify ${text(titleOf(report.target))}" timestamp="${report.startedAt}" time="${report.seconds}" tests="${report.checks.length}" failures="${failures}" skipped="${skipped}">
${report.checks.map(renderCase).join("\n")}
</testsuite>
`;
}

function renderCase(check: ReportedCheck): string {
  const head = `<testcase classname="${text(check.id)}" name="${text(check.title)}"`;
  if (check.outcome === "PASS") return `${head}/>`;
  if (check.outcome !== "FAIL") {
    return `${head}><skipped message="${text(`${check.outcome}: ${check.reason ?? ""}`)}"/></testcase>`;
  }
  const bad = check.findings.filter(({ ok }) => !ok).map(({ subject, evidence }) => `${subject}: ${evidence}`);
  return `${head}><failure message="${text(bad[0] ?? "")}">${text(bad.join("\n"))}</failure></testcase>`;
}
