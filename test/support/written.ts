/** All that a plane's services have said or kept where it can be looked for afterwards. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plane } from "../../sandbox/hosts.ts";
import { databaseFiles } from "./database-files.ts";
import { databaseRows } from "./database-rows.ts";
import { kubectl, platform } from "./kubectl.ts";
import { here } from "./local-run.ts";
import { scrapeAll } from "./metrics.ts";

export interface Written {
  place: string;
  text: string;
}

/** Logs of the plane's services, and what they count: which must name nobody and nothing of theirs. */
export async function saidBy(plane: Plane): Promise<Written[]> {
  const args = ["logs", "--namespace", platform[plane], "--selector=app.kubernetes.io/part-of=biplane", "--tail=-1"];
  const text = await kubectl(plane, ...args, "--all-containers", "--max-log-requests=50");
  const metrics = await scrapeAll(plane);
  return [
    { place: `pods of ${plane}`, text },
    ...metrics.map(({ pod, text: told }) => ({ place: `metrics of ${pod}`, text: told })),
  ];
}

/**
 * The region's database as it answers and as it lies on the disk, where deleted rows can be, and the logs of what stands
 * before both.
 */
export async function keptByRegion(): Promise<Written[]> {
  return [
    ...(await databaseRows()).map(({ table, text }) => ({ place: `table ${table}`, text })),
    ...databaseFiles().map((path) => ({ place: `database ${path}`, text: readFileSync(path, "latin1") })),
    ...["edge", "cloud-database"].map((name) => ({
      place: `log of ${name}`,
      text: readFileSync(join(here.logs, `${name}.log`), "latin1"),
    })),
  ];
}

export const placesHolding = (written: readonly Written[], text: string) =>
  written.filter((each) => each.text.includes(text)).map(({ place }) => place);
