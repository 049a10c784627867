import { coloursFor } from "../../shared/colours.ts";
import type { Outcome } from "../outcome.ts";
import { type Report, titleOf } from "./result.ts";

const colourOf = {
  PASS: "green",
  FAIL: "red",
  MANUAL: "yellow",
  NOT_EVALUATED: "yellow",
  NOT_APPLICABLE: "dim",
} as const satisfies Record<Outcome, string>;

/**
 * One line a check; the findings only of what did not pass.
 * @param output where it will be shown: only a terminal gets colours
 */
export function renderTerminal(report: Report, output: { isTTY?: boolean } = process.stdout): string {
  const colours = coloursFor(output);
  const lines = report.checks.flatMap((check) => [
    `${colours[colourOf[check.outcome]](check.outcome.padEnd(14))} ${check.id.padEnd(8)} ${check.title}`,
    ...(check.reason ? [`${" ".repeat(24)}${check.reason}`] : []),
    ...check.findings.filter(({ ok }) => !ok).map((finding) => `${" ".repeat(24)}${tellFinding(finding)}`),
    ...(check.outcome === "FAIL" ? [`${" ".repeat(24)}→ ${check.fix}`] : []),
  ]);
  const ran = report.documentedCommands.filter(({ notRun }) => notRun === undefined);
  return [
    ...lines,
    "",
    `documented commands: ${ran.length} of ${report.documentedCommands.length} ran; their output is in the JSON report`,
    ...report.documentedCommands.flatMap(({ line, notRun }) => (notRun ? [`  not run: ${line} (${notRun})`] : [])),
    ...report.acceptedUnevaluated.map(({ claim, reason }) => `  not decided here: ${claim} (${reason})`),
    ...report.standIns.map((one) => `  stood in for here: ${one.for} (${one.is})`),
    ...report.waivers.map(
      ({ check, fingerprint, state, owner, expires }) =>
        `  waiver ${state}: ${check} ${fingerprint}, ${owner}, until ${expires}`,
    ),
    summary(report),
  ].join("\n");
}

function tellFinding({ subject, evidence, fingerprint, waived }: Report["checks"][number]["findings"][number]): string {
  const end = waived ? ` (WAIVED until ${waived.expires} by ${waived.owner}: ${waived.reason})` : ` [${fingerprint}]`;
  return `${subject}: ${evidence}${end}`;
}

function summary({ counts, target, seconds }: Report): string {
  const words = Object.entries(counts).filter(([, count]) => count > 0);
  const text = words.map(([outcome, count]) => `${count} ${outcome}`).join(" · ");
  return `${titleOf(target)}: ${text} · ${seconds.toFixed(1)} s`;
}
