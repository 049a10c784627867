import { escapeMarkup as text } from "./escape.ts";
import { isWaived, type Report, type ReportedCheck, titleOf } from "./result.ts";

/** A test case a check; what was not decided, or is waived, is skipped, never passed. */
export function renderJunit(report: Report): string {
  const failures = report.checks.filter((check) => check.outcome === "FAIL" && !isWaived(check)).length;
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
  if (isWaived(check)) {
    const [first] = check.findings.flatMap(({ waived }) => waived ?? []);
    const until = `WAIVED until ${first?.expires} by ${first?.owner}: ${bad.join("; ")}`;
    return `${head}><skipped message="${text(until)}"/></testcase>`;
  }
  return `${head}><failure message="${text(bad[0] ?? "")}">${text(bad.join("\n"))}</failure></testcase>`;
}
