/** Who operates the local customer's plane, chosen once for a run, and what BYOC's two ends are told of each other. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { refusal } from "../shared/errors.ts";
import type { Paths } from "./paths.ts";

export const models = ["self-managed", "byoc"] as const;
export type Model = (typeof models)[number];

const recordSchema = z.strictObject({
  model: z.enum(models),
  /** Endpoint of the region's that the customer accepted: what an operator writes into the base's configuration. */
  acceptedEndpoint: z.string().optional(),
});

export type ModelRecord = z.infer<typeof recordSchema>;

/**
 * Makes nothing.
 *
 * @param wanted @default what the run has begun with, else self-managed
 * @throws UserError when it has begun with the other one
 */
export function chooseModel(paths: Paths, wanted?: Model): ModelRecord {
  const file = recordFile(paths);
  const held = existsSync(file) ? recordSchema.parse(JSON.parse(readFileSync(file, "utf8"))) : undefined;
  const begun = existsSync(paths.state) && readdirSync(paths.state).length > 0;
  const has = held?.model ?? (begun ? "self-managed" : undefined);
  if (has && wanted && wanted !== has) {
    const todo = "Run ./biplane down first.";
    throw refusal({ subject: "--model", value: wanted, allowed: `what this run has begun with: ${has}`, todo });
  }
  return held ?? { model: has ?? wanted ?? "self-managed" };
}

export function writeModel(paths: Paths, record: ModelRecord): void {
  mkdirSync(paths.state, { recursive: true, mode: 0o711 });
  const file = recordFile(paths);
  writeFileSync(`${file}.new`, `${JSON.stringify(recordSchema.parse(record))}\n`);
  renameSync(`${file}.new`, file);
}

function recordFile(paths: Paths): string {
  return join(paths.state, "model.json");
}
