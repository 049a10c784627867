/** Which clusters a run was given. Written before anything is made, so that `down` knows from any half-made state. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Plane } from "../hosts.ts";
import type { Paths } from "../paths.ts";

const clusterSchema = z.strictObject({
  /** Absolute path of the person's own file, which is never copied. */
  kubeconfig: z.string(),
  context: z.string(),
  server: z.string(),
  /** Of the namespace kube-system: the file may lead elsewhere one day. */
  uid: z.string(),
});

const recordSchema = z.strictObject({ region: clusterSchema.optional(), customer: clusterSchema.optional() });

export type GivenCluster = z.infer<typeof clusterSchema>;
export type GivenRecord = Partial<Record<Plane, GivenCluster>>;

/** @returns undefined before a run has chosen. */
export function readRecord(paths: Paths): GivenRecord | undefined {
  const file = recordFile(paths);
  return existsSync(file) ? recordSchema.parse(JSON.parse(readFileSync(file, "utf8"))) : undefined;
}

export function writeRecord(paths: Paths, record: GivenRecord): void {
  mkdirSync(paths.state, { recursive: true, mode: 0o711 });
  const file = recordFile(paths);
  writeFileSync(`${file}.new`, `${JSON.stringify(recordSchema.parse(record), null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function recordFile(paths: Paths): string {
  return join(paths.state, "given-clusters.json");
}
