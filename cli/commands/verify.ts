import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { readEnvironment } from "../../sandbox/environment.ts";
import { paths } from "../../sandbox/paths.ts";
import { localLimits, localTarget } from "../../sandbox/verify-target.ts";
import { messageOf, refusal } from "../../shared/errors.ts";
import { currentCommit, writeEvidence } from "../../verify/claims/evidence.ts";
import { joinLimits, readLimits } from "../../verify/limits.ts";
import { evidenceOf, verify } from "../../verify/main.ts";
import { renderHtml } from "../../verify/report/html.ts";
import { renderJunit } from "../../verify/report/junit.ts";
import type { Report } from "../../verify/report/result.ts";
import { renderTerminal } from "../../verify/report/terminal.ts";
import { type Target, targetSchema } from "../../verify/target.ts";
import type { CommandOptions } from "../config.ts";
import { checkout } from "../context.ts";

/** Verifies the target of the options, or the local run with the list of what one machine cannot decide. */
export async function verifyCommand(options: CommandOptions<"verify">): Promise<number> {
  const here = paths();
  const local = options.target === undefined ? readEnvironment(here) : undefined;
  const target = local ? localTarget(local) : readTarget(options.target ?? "");
  const limitsFiles = options.acceptUnevaluated
    ? [options.acceptUnevaluated]
    : local
      ? localLimits(local, checkout)
      : [];
  const commit = currentCommit(checkout);
  const report = await verify(target, {
    commit,
    limits: joinLimits(limitsFiles.map(readLimits)),
    path: local?.toolPath ?? [],
  });
  writeEvidence(join(here.cache, "evidence"), commit, `verify-${target.cloud}-${target.model}`, evidenceOf(report));
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

function readTarget(file: string): Target {
  const parsed = targetSchema.safeParse(readJson(file));
  if (parsed.success) return parsed.data;
  throw refusal({
    subject: `--target ${file}`,
    value: z.prettifyError(parsed.error),
    allowed: "docs/schemas/target.schema.json",
  });
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw refusal({ subject: "--target", value: file, allowed: `a JSON file (${messageOf(error)})` });
  }
}
