/** Whether the nodes of a run enforce NetworkPolicy: chosen once, since a node's pods keep the network they began with. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { refusal } from "../shared/errors.ts";
import type { Paths } from "./paths.ts";

/** Of the toolchain: what enforces. */
export const enforcingPart = "network-policy";

const recordSchema = z.strictObject({ enforced: z.boolean() });

/**
 * What the run has begun with; undefined before it has begun.
 *
 * @param also extended parts that were asked for
 * @throws UserError when enforcement is asked for and the run has begun without
 */
export function begunWith(paths: Paths, also: readonly string[] = []): boolean | undefined {
  const file = recordFile(paths);
  const held = existsSync(file) ? recordSchema.parse(JSON.parse(readFileSync(file, "utf8"))).enforced : undefined;
  const begun = existsSync(paths.state) && readdirSync(paths.state).length > 0;
  const has = held ?? (begun ? false : undefined);
  if (has === false && also.includes(enforcingPart)) {
    throw refusal({
      subject: "--with",
      value: enforcingPart,
      allowed: "what this run's nodes have begun with: a network that enforces no policy",
      todo: "Run ./biplane down first.",
    });
  }
  return has;
}

export function writeEnforcement(paths: Paths, enforced: boolean): void {
  mkdirSync(paths.state, { recursive: true, mode: 0o711 });
  const file = recordFile(paths);
  writeFileSync(`${file}.new`, `${JSON.stringify({ enforced })}\n`);
  renameSync(`${file}.new`, file);
}

function recordFile(paths: Paths): string {
  return join(paths.state, "network-policy.json");
}
