import { pushImages } from "../../sandbox/images/push.ts";
import { paths } from "../../sandbox/paths.ts";
import { createProgress, ensureToolchain } from "../../sandbox/toolchain/index.ts";
import type { CommandOptions } from "../config.ts";

/** Pushes the images and prints what a stack's configuration takes. */
export async function imagesPush(options: CommandOptions<"imagesPush">): Promise<number> {
  const here = paths();
  const progress = createProgress(here);
  const tools = await ensureToolchain(here, progress);
  progress.plan(["images"]);
  const pushed = await progress.step("images", (report) =>
    pushImages({ paths: here, tools, progress: report }, options),
  );
  process.stdout.write(`\nDigests are in ${options.lock}. For a stack:\n`);
  for (const [name, { digest }] of Object.entries(pushed)) {
    process.stdout.write(`  pulumi config set --path biplane:images.${name} ${options.to}/${name}@${digest}\n`);
  }
  return 0;
}
