/** Prints ways that no single policy shows, of a snapshot or of what is read now. */
import { refusal } from "../../shared/errors.ts";
import { exitCodes } from "../../verify/outcome.ts";
import { pathsOf, renderPaths } from "../../verify/reason/paths/index.ts";
import type { CommandOptions } from "../config.ts";
import { snapshotOf } from "./verify-snapshot.ts";

export async function pathsCommand(options: CommandOptions<"verifyPaths">): Promise<number> {
  const { collected, targets } = await snapshotOf(options);
  const { customer, controlPlane } = targets;
  if (!customer) throw refusal({ subject: "verify paths", value: "a region alone", allowed: "a customer's plane" });
  const paths = pathsOf(collected, customer, controlPlane !== undefined);
  process.stdout.write(`${options.json ? JSON.stringify(paths, null, 2) : renderPaths(paths)}\n`);
  const whole =
    paths.buckets.decided && paths.namespaces.decided && Object.values(paths.roles).every(({ decided }) => decided);
  return whole ? exitCodes.allPass : exitCodes.notEvaluated;
}
