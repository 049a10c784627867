/** Who operates the local customer's plane and in which cloud, chosen once for a run, and what BYOC's ends are told. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { refusal } from "../shared/errors.ts";
import type { Paths } from "./paths.ts";

export const models = ["self-managed", "byoc"] as const;
export type Model = (typeof models)[number];

/** Where the customer's plane stands; the region stands in AWS. */
export const clouds = ["aws", "gcp", "azure"] as const;
export type Cloud = (typeof clouds)[number];

const recordSchema = z.strictObject({
  model: z.enum(models),
  cloud: z.enum(clouds).default("aws"),
  /** Endpoint of the region's that the customer accepted: what an operator writes into the base's configuration. */
  acceptedEndpoint: z.string().optional(),
});

export type ModelRecord = z.infer<typeof recordSchema>;

/** What is wished for. @default what the run has begun with, else the first of each list */
export interface Wanted {
  model?: Model | undefined;
  cloud?: Cloud | undefined;
}

/**
 * Makes nothing.
 *
 * @throws UserError when the run has begun with the other one
 */
export function chooseModel(paths: Paths, wanted: Wanted = {}): ModelRecord {
  const file = recordFile(paths);
  const held = existsSync(file) ? recordSchema.parse(JSON.parse(readFileSync(file, "utf8"))) : undefined;
  const begun = existsSync(paths.state) && readdirSync(paths.state).length > 0;
  const has = held ?? (begun ? ({ model: "self-managed", cloud: "aws" } as const) : undefined);
  for (const what of ["model", "cloud"] as const) {
    const value = wanted[what];
    if (!has || !value || value === has[what]) continue;
    const todo = "Run ./biplane down first.";
    throw refusal({ subject: `--${what}`, value, allowed: `what this run has begun with: ${has[what]}`, todo });
  }
  const chosen = has ?? { model: wanted.model ?? "self-managed", cloud: wanted.cloud ?? "aws" };
  if (chosen.cloud !== "aws" && chosen.model === "byoc") {
    const link = { gcp: "Private Service Connect", azure: "Azure's Private Link" }[chosen.cloud];
    throw refusal({
      subject: "--model",
      value: "byoc",
      allowed: `self-managed with --cloud ${chosen.cloud}: nothing here stands where ${link} would end`,
    });
  }
  return chosen;
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
