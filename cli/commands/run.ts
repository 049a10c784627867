import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { flyte, flyteRead } from "../../sandbox/client.ts";
import { readEnvironment } from "../../sandbox/environment.ts";
import { paths } from "../../sandbox/paths.ts";
import { refusal } from "../../shared/errors.ts";
import type { CommandOptions } from "../config.ts";

/** Runs a task by the real client: logs as they come, then the output. */
export async function run({ file, task, args, image }: CommandOptions<"run">): Promise<number> {
  if (!existsSync(file)) throw refusal({ subject: "FILE", value: file, allowed: "a Python file that exists" });
  const here = paths();
  const environment = readEnvironment(here);
  const show = (text: string) => void process.stdout.write(text);
  const name = `r${randomBytes(7).toString("hex")}`;
  const followed = await flyte(
    here,
    environment,
    ["--no-progress", "run", "--follow", "--name", name, basename(file), task, ...args],
    {
      onOutput: show,
      timeoutMs: 3_600_000,
      cwd: dirname(resolve(file)),
      ...(image ? { env: { BIPLANE_TASK_IMAGE: image } } : {}),
    },
  );
  // The client now and then aborts when its interpreter ends, all said and done: the run's own phase decides below.
  if (followed.exitCode !== 0 && followed.signal !== "SIGABRT") return 1;
  const phase = phaseIn((await flyteRead(here, environment, ["-of", "json", "get", "run", name])).stdout);
  if (phase !== "SUCCEEDED") {
    process.stdout.write(`\nrun ${name}: ${phase ?? "its phase is not known"}\n`);
    return 1;
  }
  const io = await flyteRead(here, environment, ["--no-progress", "get", "io", "--outputs-only", name]);
  process.stdout.write(io.stdout);
  if (io.exitCode !== 0) process.stderr.write(io.stderr);
  return io.exitCode === 0 ? 0 : 1;
}

/** The run's phase in what `flyte -of json get run` prints: following a run that fails ends with 0. */
export function phaseIn(printed: string): string | undefined {
  const status = stripVTControlCharacters(printed).split(/["']status["']/)[1] ?? "";
  return /["']phase["']:\s*["'](?:ACTION_PHASE_)?([A-Z_]+)["']/.exec(status)?.[1];
}
