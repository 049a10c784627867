/** Breaks a snapshot and denies its requests, and prints what the checks made of it. Nothing is changed anywhere. */
import { checks } from "../../verify/checks/index.ts";
import { exitCodes } from "../../verify/outcome.ts";
import { selected } from "../../verify/recording.ts";
import { denialMatrix } from "../../verify/sabotage/denials.ts";
import { listed } from "../../verify/sabotage/listed.ts";
import { proveAll } from "../../verify/sabotage/prove.ts";
import { isProven, renderProofs } from "../../verify/sabotage/render.ts";
import type { CommandOptions } from "../config.ts";
import { snapshotOf } from "./verify-snapshot.ts";

export async function proveCommand(options: CommandOptions<"verifyProve">): Promise<number> {
  const chosen = selected({ only: options.checks.map((id) => id.toUpperCase()), probe: true });
  const snapshot = await snapshotOf(options);
  const proofs = proveAll(chosen, snapshot, checks, listed);
  const denials = denialMatrix(chosen, snapshot).filter(({ checks: readers }) => readers > 0);
  const text = options.json ? JSON.stringify({ proofs, denials }, null, 2) : renderProofs(proofs, denials);
  process.stdout.write(`${text}\n`);
  if (!isProven(proofs, denials)) return exitCodes.findings;
  return proofs.every(({ skipped }) => skipped) ? exitCodes.notEvaluated : exitCodes.allPass;
}
