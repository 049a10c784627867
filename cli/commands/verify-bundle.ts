/** What is done with bundles, and with ids, where no plane is needed. */
import { readFileSync } from "node:fs";
import { messageOf, refusal } from "../../shared/errors.ts";
import { currentCommit } from "../../verify/claims/evidence.ts";
import { diffReports, exitCodeOfDiff, renderDiff } from "../../verify/evidence/diff.ts";
import { readSigner } from "../../verify/evidence/keys.ts";
import { replay } from "../../verify/evidence/replay.ts";
import { explain } from "../../verify/explain.ts";
import { renderTerminal } from "../../verify/report/terminal.ts";
import type { CommandOptions } from "../config.ts";
import { checkout } from "../context.ts";
import { writeReports } from "../report-files.ts";

export async function replayCommand({ bundle, signer, ...files }: CommandOptions<"verifyReplay">): Promise<number> {
  const { report, signer: by, name } = openReplayed(bundle, signer);
  writeReports(report, files);
  const trust = signer === undefined ? "; whose key that is, --signer FILE decides" : ", as asked for";
  process.stdout.write(`${renderTerminal(report)}\n`);
  process.stdout.write(`replayed without change: bundle ${name.slice(0, 16)}, signed by ${by}${trust}\n`);
  return report.exitCode;
}

export async function diffCommand({ before, after, signer, json }: CommandOptions<"verifyDiff">): Promise<number> {
  const diff = diffReports(openReplayed(before, signer).report, openReplayed(after, signer).report);
  process.stdout.write(`${json ? JSON.stringify(diff, null, 2) : renderDiff(diff)}\n`);
  return exitCodeOfDiff(diff);
}

export async function explainCommand({ id }: CommandOptions<"verifyExplain">): Promise<number> {
  process.stdout.write(explain(id));
  return 0;
}

/** With its signature checked and its report come to again. @param signer a public key's file */
function openReplayed(path: string, signer?: string) {
  const commit = currentCommit(checkout);
  return replay(readBundle(path), path, { commit, ...(signer === undefined ? {} : { signer: readSigner(signer) }) });
}

export function readBundle(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw refusal({ subject: "bundle", value: path, allowed: `a file of verify --bundle (${messageOf(error)})` });
  }
}
