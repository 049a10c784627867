import { createHash } from "node:crypto";
import { findClaim } from "../claims/ledger.ts";
import { outcomes } from "../outcome.ts";
import { escapeMarkup as text } from "./escape.ts";
import { filterScript } from "./html-filter.ts";
import { style } from "./html-style.ts";
import { type Report, type ReportedCheck, titleOf } from "./result.ts";

type Command = Report["documentedCommands"][number];

/** One file that asks nothing of anybody: its policy lets the browser load nothing, and run this page's script alone. */
export function renderHtml(report: Report): string {
  const hash = createHash("sha256").update(filterScript).digest("base64");
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const numbers = outcomes
    .filter((outcome) => report.counts[outcome] > 0)
    .map((outcome) => `<span class="${outcome}">${report.counts[outcome]} ${outcome}</span>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>Biplane verify: ${text(titleOf(report.target))}</title><style>${style}</style></head>
<body>
<h1>${text(titleOf(report.target))}</h1>
<p>${numbers.join(" · ")}<br>commit ${text(report.commit)}, ${text(report.startedAt)}, ${report.seconds.toFixed(1)} s, answer ${report.exitCode}</p>
${renderForm(report)}
${report.checks.map((check) => renderCheck(check, report)).join("\n")}
${renderGaps(report)}
<h2>Documented commands</h2>
${report.documentedCommands.map(renderCommand).join("\n")}
<script>${filterScript}</script>
</body></html>
`;
}

function renderForm({ checks }: Report): string {
  const options = (values: readonly string[]) =>
    [...new Set(values)].map((value) => `<option value="${text(value)}">${text(value)}</option>`).join("");
  const boxes = outcomes
    .filter((outcome) => checks.some((check) => check.outcome === outcome))
    .map(
      (outcome) =>
        `<label class="${outcome}"><input type="checkbox" name="outcome" value="${outcome}" checked> ${outcome}</label>`,
    );
  return `<form><label>Search <input type="search" name="text"></label>
<label>Plane <select name="plane"><option value="">both</option>${options(checks.map(({ plane }) => plane).sort())}</select></label>
<label>Claim <select name="claim"><option value="">all</option>${options(checks.flatMap(({ claims }) => claims).sort())}</select></label>
${boxes.join(" ")} <input type="reset" value="All"> <output id="shown"></output></form>`;
}

function renderCheck(check: ReportedCheck, report: Report): string {
  const { id, title, outcome, plane, severity, claims, sabotages, supersedes = {} } = check;
  const commands = report.documentedCommands.filter(({ group }) => check.documented.includes(group));
  const asked = report.requests.filter(({ fact }) => check.reads.includes(fact));
  const sentences = claims.map((claim) => {
    const outdone = supersedes[claim] ? ` <span class="quiet">outdone: ${text(supersedes[claim])}</span>` : "";
    const found = findClaim(claim);
    return `<code>${text(claim)}</code> ${text(found?.statement ?? "")} <span class="quiet">${text(found?.source ?? "")}</span>${outdone}`;
  });
  return `<details class="check" data-outcome="${outcome}" data-plane="${plane}" data-claims="${text(claims.join(" "))}"${outcome === "FAIL" ? " open" : ""}>
<summary><span class="outcome ${outcome}">${outcome}</span> ${text(id)} ${text(title)}</summary><div class="body">
${check.reason ? `<p class="${outcome}">${text(check.reason)}</p>` : ""}${list("Claims", sentences)}
${list("Seen", check.findings.map(renderFinding))}
${outcome === "FAIL" ? `<h3>Fix</h3><p>${text(check.fix)}</p>` : ""}
${list(
  "Seen to fail by",
  sabotages.map(({ name }) => text(name)),
)}
${list(
  "Asked",
  asked.map(
    ({ request, read, reason }) =>
      `<code>${text(request)}</code>${read ? "" : ` <span class="bad">${text(reason ?? "")}</span>`}`,
  ),
)}
${list("Documented commands beside it", commands.map(tellCommand))}
<p class="quiet">${plane} plane, ${severity}; <code>./biplane verify --only ${text(id)}</code></p></div></details>`;
}

function renderFinding({ subject, ok, evidence, fingerprint, waived }: ReportedCheck["findings"][number]): string {
  const words = `<code>${text(subject)}</code>: ${text(evidence)}`;
  if (ok) return words;
  const end = waived
    ? `<br><span class="waived">waived until ${text(waived.expires)} by ${text(waived.owner)}: ${text(waived.reason)}</span>`
    : ` <span class="quiet">${text(fingerprint ?? "")}</span>`;
  return `<span class="bad">${words}</span>${end}`;
}

function tellCommand({ line, weakness, exitCode, notRun }: Command): string {
  const end = notRun === undefined ? `exit ${exitCode}` : "not run";
  return `<code>${text(line)}</code> ${end}${weakness ? ` <span class="quiet">cannot show: ${text(weakness)}</span>` : ""}`;
}

function renderGaps({ acceptedUnevaluated, standIns, waivers }: Report): string {
  const gaps = acceptedUnevaluated.map(({ claim, reason }) => `<code>${text(claim)}</code> ${text(reason)}`);
  const stood = standIns.map((one) => `${text(one.for)}: ${text(one.is)}`);
  const words = waivers.map(
    ({ check, fingerprint, owner, expires, state }) =>
      `${text(check)} <code>${text(fingerprint)}</code> ${text(state)}, ${text(owner)}, until ${text(expires)}`,
  );
  return `${list("Not decided here, and accepted", gaps)}${list("Stood in for here", stood)}${list("Waivers", words)}`;
}

function list(title: string, items: readonly string[]): string {
  return items.length > 0 ? `<h3>${title}</h3><ul>${items.map((item) => `<li>${item}</li>`).join("")}</ul>` : "";
}

function renderCommand(command: Command): string {
  const output = command.notRun ?? `exit ${command.exitCode}\n${command.stdout ?? ""}${command.stderr ?? ""}`;
  return `<details><summary>${text(command.group)} <code>${text(command.line)}</code></summary><pre>${text(output)}</pre></details>`;
}
