/** What every list of Compute Engine's has alike. */
import { z } from "zod";
import type { Reads } from "./client.ts";

/** Of every region and zone: one answer holds them by place. A place that did not answer fails the whole. */
export async function readEverywhere<T>(
  reads: Reads,
  project: string,
  kind: string,
  schema: z.ZodType<T>,
): Promise<T[]> {
  const items = z.array(schema).default([]);
  const page = z.object({
    items: z.record(z.string(), z.looseObject({ warning: z.object({ code: z.string() }).optional() })).default({}),
    unreachables: z.array(z.string()).default([]),
  });
  const path = `/compute/v1/projects/${project}/aggregated/${kind}`;
  const query = { maxResults: "500", returnPartialSuccess: "false" };
  const answers = await reads.pages({ api: "compute", path, query }, page);
  return answers.flatMap(({ items: places, unreachables }) => {
    const [silent] = unreachables;
    if (silent !== undefined) throw new Error(`${path}: ${silent} did not answer`);
    return Object.entries(places).flatMap(([place, { warning, ...found }]) => {
      if (warning && warning.code !== "NO_RESULTS_ON_PAGE") throw new Error(`${path}: ${place}: ${warning.code}`);
      return items.parse(found[kind]);
    });
  });
}

/** Links of compute's are of several hosts and versions. */
export const pathOf = (link: string) => link.replace(/^https:\/\/[^/]+\/compute\/(v1|beta)\//, "");
