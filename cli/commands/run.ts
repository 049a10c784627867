import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { flyte } from "../../sandbox/client.ts";
import { readEnvironment } from "../../sandbox/environment.ts";
import { paths } from "../../sandbox/paths.ts";
import { refusal } from "../../shared/errors.ts";
import type { CommandOptions } from "../config.ts";

/** Runs a task by the real client: logs as they come, then the output. */
export async function run({ file, task, args }: CommandOptions<"run">): Promise<number> {
  if (!existsSync(file)) throw refusal({ subject: "FILE", value: file, allowed: "a Python file that exists" });
  const here = paths();
  const environment = readEnvironment(here);
  const show = (text: string) => void process.stdout.write(text);
  const name = `r${randomBytes(7).toString("hex")}`;
  const followed = await flyte(
    here,
    environment,
    ["--no-progress", "run", "--follow", "--name", name, basename(file), task, ...args],
    { onOutput: show, timeoutMs: 3_600_000, cwd: dirname(resolve(file)) },
  );
  if (followed.exitCode !== 0) return 1;
  const io = await flyte(here, environment, ["--no-progress", "get", "io", "--outputs-only", name]);
  process.stdout.write(io.stdout);
  if (io.exitCode !== 0) process.stderr.write(io.stderr);
  return io.exitCode === 0 ? 0 : 1;
}
