import { join } from "node:path";
import { paths } from "../../sandbox/paths.ts";
import { currentCommit, writeEvidence } from "../../verify/claims/evidence.ts";
import { sealBundle } from "../../verify/evidence/bundle.ts";
import { ownSigningKey, readSigningKey } from "../../verify/evidence/keys.ts";
import { joinLimits, readLimits, readStandIns } from "../../verify/limits.ts";
import { evidenceOf, verify } from "../../verify/main.ts";
import { planProbes, renderPlan } from "../../verify/probes/plan.ts";
import type { Report } from "../../verify/report/result.ts";
import { renderTerminal } from "../../verify/report/terminal.ts";
import { planeOf, type Targets } from "../../verify/target.ts";
import { readWaivers } from "../../verify/waivers.ts";
import type { CommandOptions } from "../config.ts";
import { checkout } from "../context.ts";
import { write, writeReports } from "../report-files.ts";
import { targetsOf } from "./verify-targets.ts";

/** Verifies the target of the options, or the local run with the list of what it does not decide. */
export async function verifyCommand(options: CommandOptions<"verify">): Promise<number> {
  const here = paths();
  const { targets, limitsFiles, toolPath } = targetsOf(options.target);
  const gaps = options.acceptUnevaluated === undefined ? limitsFiles : [options.acceptUnevaluated];
  const { only, plane, failOn, probe } = options;
  if (probe) process.stdout.write(`${renderPlan(planProbes(targets))}\n`);
  const key = options.bundle === undefined ? undefined : signingKey(options.signWith, here.cache);
  const { recording, report } = await verify(targets, {
    commit: currentCommit(checkout),
    limits: joinLimits(gaps.map(readLimits)),
    standIns: limitsFiles.flatMap(readStandIns),
    waivers: options.waivers === undefined ? [] : readWaivers(options.waivers),
    selection: { only, failOn, probe, ...(plane ? { plane } : {}) },
    path: toolPath,
  });
  // A part of the checks would take back what all of them said before.
  if (only.length === 0 && !plane) tellLedger(report, targets, join(here.cache, "evidence"), probe);
  writeReports(report, options);
  if (options.bundle !== undefined && key) write(options.bundle, sealBundle(recording, report, key));
  process.stdout.write(`${renderTerminal(report)}\n`);
  return report.exitCode;
}

function signingKey(given: string | undefined, cache: string) {
  return given === undefined ? ownSigningKey(join(cache, "verify-signing-key.pem")) : readSigningKey(given);
}

/** A source for each plane, so that who looks at one later does not take back what was seen of the other. */
function tellLedger(report: Report, targets: Targets, folder: string, probed: boolean): void {
  const tell = (source: string, from: Parameters<typeof evidenceOf>[1]) =>
    writeEvidence(folder, report.commit, source, evidenceOf(report, from));
  const [plane, { controlPlane }] = [planeOf(targets), targets];
  const place = plane ? `${plane.cloud}-${plane.model}` : "control-plane";
  if (plane) tell(`verify-${place}`, "compute");
  if (controlPlane) tell(`verify-${controlPlane.cloud}-control-plane`, "control");
  tell(`verify-accepted-gaps-${place}`, "accepted gaps");
  // Who only reads later does not take back what was tried.
  if (probed) tell(`verify-probes-${place}`, "probes");
}
