import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readEnvironment } from "../../sandbox/environment.ts";
import { paths } from "../../sandbox/paths.ts";
import { localLimits, localTargets } from "../../sandbox/verify-target.ts";
import { messageOf, refusal } from "../../shared/errors.ts";
import { currentCommit, writeEvidence } from "../../verify/claims/evidence.ts";
import { joinLimits, readLimits } from "../../verify/limits.ts";
import { evidenceOf, verify } from "../../verify/main.ts";
import { renderHtml } from "../../verify/report/html.ts";
import { renderJunit } from "../../verify/report/junit.ts";
import type { Report } from "../../verify/report/result.ts";
import { renderTerminal } from "../../verify/report/terminal.ts";
import { parseTargets, type Targets } from "../../verify/target.ts";
import type { CommandOptions } from "../config.ts";
import { checkout } from "../context.ts";

/** Verifies the target of the options, or the local run with the list of what one machine cannot decide. */
export async function verifyCommand(options: CommandOptions<"verify">): Promise<number> {
  const here = paths();
  const local = options.target === undefined ? readEnvironment(here) : undefined;
  const targets = local ? localTargets(local) : readTargets(options.target ?? "");
  const limitsFiles = options.acceptUnevaluated
    ? [options.acceptUnevaluated]
    : local
      ? localLimits(local, checkout)
      : [];
  const commit = currentCommit(checkout);
  const report = await verify(targets, {
    commit,
    limits: joinLimits(limitsFiles.map(readLimits)),
    path: local?.toolPath ?? [],
  });
  tellLedger(report, targets, join(here.cache, "evidence"));
  writeReports(report, options);
  process.stdout.write(`${renderTerminal(report)}\n`);
  return report.exitCode;
}

function writeReports(report: Report, { json, junit, html }: CommandOptions<"verify">): void {
  const wanted = [
    [json, () => `${JSON.stringify(report, null, 2)}\n`],
    [junit, () => renderJunit(report)],
    [html, () => renderHtml(report)],
  ] as const;
  for (const [file, render] of wanted) {
    if (file === undefined) continue;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, render());
  }
}

/** A source for each plane, so that who looks at one later does not take back what was seen of the other. */
function tellLedger(report: Report, { customer, controlPlane }: Targets, folder: string): void {
  const tell = (source: string, from: Parameters<typeof evidenceOf>[1]) =>
    writeEvidence(folder, report.commit, source, evidenceOf(report, from));
  if (customer) tell(`verify-${customer.cloud}-${customer.model}`, "compute");
  if (controlPlane) tell(`verify-${controlPlane.cloud}-control-plane`, "control");
  tell("verify-accepted-gaps", "accepted gaps");
}

function readTargets(file: string): Targets {
  return parseTargets(readJson(file), file);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw refusal({ subject: "--target", value: file, allowed: `a JSON file (${messageOf(error)})` });
  }
}
