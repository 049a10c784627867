import { escapeMarkup as text } from "./escape.ts";
import { type Report, type ReportedCheck, titleOf } from "./result.ts";

const style = `
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; }
  h1 { font-size: 1.4rem; } details { border-bottom: 1px solid #ddd; padding: .4rem 0; } summary { cursor: pointer; }
  .o { display: inline-block; width: 9.5rem; font-weight: 600; } .PASS { color: #17692f; } .FAIL { color: #b3261e; }
  .NOT_EVALUATED, .MANUAL { color: #8a5a00; } .NOT_APPLICABLE { color: #666; }
  pre { background: #f5f5f5; padding: .6rem; overflow-x: auto; } .bad { color: #b3261e; }`;

/** One file, no script, no request to anywhere. */
export function renderHtml(report: Report): string {
  const { target, counts } = report;
  const numbers = Object.entries(counts).map(
    ([outcome, count]) => `<span class="${outcome}">${count} ${outcome}</span>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Biplane verify: ${text(titleOf(target))}</title><style>${style}</style></head>
<body>
<h1>${text(titleOf(target))}</h1>
<p>${numbers.join(" · ")}<br>commit ${text(report.commit)}, ${text(report.startedAt)}, ${report.seconds.toFixed(1)} s</p>
${report.checks.map(renderCheck).join("\n")}
<h2>Documented commands</h2>
${report.documentedCommands.map(renderCommand).join("\n")}
</body></html>
`;
}

function renderCheck(check: ReportedCheck): string {
  const findings = check.findings.map(
    ({ subject, ok, evidence }) =>
      `<li${ok ? "" : ' class="bad"'}><code>${text(subject)}</code>: ${text(evidence)}</li>`,
  );
  const sabotages = check.sabotages.map(({ name }) => `<li>${text(name)}: turns it red</li>`);
  return `<details><summary><span class="o ${check.outcome}">${check.outcome}</span> ${check.id} ${text(check.title)}</summary>
<p>Claims: ${check.claims.map(text).join(", ")}${check.reason ? `<br>${text(check.reason)}` : ""}</p>
<ul>${findings.join("")}</ul>${sabotages.length > 0 ? `<p>Seen to fail:</p><ul>${sabotages.join("")}</ul>` : ""}
<p>${check.outcome === "FAIL" ? text(check.fix) : ""}</p></details>`;
}

function renderCommand(command: Report["documentedCommands"][number]): string {
  const output = command.notRun ?? `exit ${command.exitCode}\n${command.stdout ?? ""}${command.stderr ?? ""}`;
  const weakness = command.weakness ? `<p>Cannot show: ${text(command.weakness)}.</p>` : "";
  return `<details><summary>${command.group} <code>${text(command.line)}</code></summary>${weakness}<pre>${text(output)}</pre></details>`;
}
