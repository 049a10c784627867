/** A region by itself, as an operator upgrades one: its services become this checkout's, its customers' planes stay. */
import type { Sandbox } from "./context.ts";
import { publicOutputs, readEnvironment, writeEnvironment } from "./environment.ts";
import { exclusive } from "./exclusive.ts";
import { chooseClusters } from "./given/index.ts";
import { ensureImages } from "./images/index.ts";
import { appsPart } from "./local-run.ts";
import { chooseModel } from "./model.ts";
import type { Paths } from "./paths.ts";
import { ensureToolchain, type Progress, readyParts } from "./toolchain/index.ts";
import { linkServiceOf, servesApps, upRegion } from "./up-stacks.ts";

/**
 * @returns how many of the region's resources were changed, by kind
 * @throws UserError when nothing is up
 */
export function upRegionAlone(paths: Paths, progress: Progress): Promise<Record<string, number>> {
  return exclusive(paths, progress, async () => {
    const environment = readEnvironment(paths);
    const operated = chooseModel(paths);
    const given = await chooseClusters(paths, {});
    const tools = await ensureToolchain(paths, progress, []);
    const parts = readyParts(paths);
    const titles = { images: "images", region: "stack of the region" };
    progress.plan(Object.values(titles));
    const step = <T>(title: string, run: (sandbox: Sandbox) => Promise<T>) =>
      progress.step(title, (report) => run({ paths, tools, progress: report }));

    const unused = servesApps(parts.includes(appsPart), { given, operated }) ? [] : [appsPart];
    const images = await step(titles.images, (sandbox) => ensureImages(sandbox, parts, unused));
    const link = operated.model === "byoc" ? linkServiceOf(environment.outputs.customerBase) : undefined;
    const around = { images, given, operated };
    const region = await step(titles.region, (sandbox) => upRegion(sandbox, around, link));
    const outputs = { ...environment.outputs, region: publicOutputs(region.outputs) };
    writeEnvironment(paths, { ...environment, outputs });
    return region.changes;
  });
}
