import { ensureDataframesImage } from "../../sandbox/images/index.ts";
import { paths } from "../../sandbox/paths.ts";
import { createProgress, ensureToolchain } from "../../sandbox/toolchain/index.ts";
import type { CommandOptions } from "../config.ts";

/** Makes the image unless the local registry holds it; prints its reference, alone on standard output. */
export async function imagesMake({ name }: CommandOptions<"imagesMake">): Promise<number> {
  const here = paths();
  const progress = createProgress(here);
  const tools = await ensureToolchain(here, progress);
  progress.plan([`${name} image`]);
  const reference = await progress.step(`${name} image`, (report) =>
    ensureDataframesImage({ paths: here, tools, progress: report }),
  );
  process.stdout.write(`${reference}\n`);
  return 0;
}
