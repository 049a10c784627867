/** What is looked at: a file's target, or the local run with the lists of what it does not decide. */
import { readFileSync } from "node:fs";
import { readEnvironment } from "../../sandbox/environment.ts";
import { paths } from "../../sandbox/paths.ts";
import { keepsMeasures, localLimits, localTargets, servesApps, shipsLogs } from "../../sandbox/verify-target.ts";
import { messageOf, refusal } from "../../shared/errors.ts";
import { parseTargets, type Targets } from "../../verify/target.ts";
import { checkout } from "../context.ts";

export interface Chosen {
  targets: Targets;
  /** Files of gaps that belong to the place, and of what stands there for the real thing. */
  limitsFiles: string[];
  /** Folders of `kubectl` and `aws`. */
  toolPath: string[];
}

export function targetsOf(file: string | undefined): Chosen {
  if (file !== undefined) return { targets: parseTargets(readJson(file), file), limitsFiles: [], toolPath: [] };
  const local = readEnvironment(paths());
  return {
    targets: localTargets(local),
    limitsFiles: localLimits(local, checkout, {
      shipping: shipsLogs(local),
      apps: servesApps(local),
      measures: keepsMeasures(local),
    }),
    toolPath: local.toolPath,
  };
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw refusal({ subject: "--target", value: file, allowed: `a JSON file (${messageOf(error)})` });
  }
}
