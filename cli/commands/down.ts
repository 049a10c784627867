import { takeDown } from "../../sandbox/local-run.ts";
import { paths } from "../../sandbox/paths.ts";
import { createProgress } from "../../sandbox/toolchain/index.ts";
import type { CommandOptions } from "../config.ts";

export async function down(_options: CommandOptions<"down">): Promise<number> {
  const here = paths();
  await takeDown(here, createProgress(here));
  process.stdout.write(`Everything is down. The cache stays in ${here.cache}.\n`);
  return 0;
}
