/** Runs of the examples by the real client, as its users start them. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { type ClientResult, flyte, flyteRead } from "../../sandbox/client.ts";
import { checkout, environment, here } from "./local-run.ts";

export interface StartedRun {
  name: string;
  result: ClientResult;
}

/** `flyte run [--follow] examples/FILE TASK ARGS`. */
export async function runExample(file: string, task: string, args: string[] = [], follow = true): Promise<StartedRun> {
  const name = `t${randomBytes(7).toString("hex")}`;
  const options = ["--no-progress", "run", ...(follow ? ["--follow"] : []), "--name", name, `${file}.py`, task];
  const result = await flyte(here, environment, [...options, ...args], { cwd: join(checkout, "examples") });
  // Seen now and then: the client aborts when its interpreter ends, all said and done. What the run came to is asked of
  // the region by every test, so this crash of the client's is no failure of the platform's.
  return { name, result: result.signal === "SIGABRT" ? { ...result, exitCode: 0 } : result };
}

/** What `flyte get io` prints of the outputs; waits for nothing. */
export async function outputsOf(run: string): Promise<string> {
  const { stdout, stderr, exitCode } = await flyteRead(here, environment, [
    "--no-progress",
    "get",
    "io",
    "--outputs-only",
    run,
  ]);
  if (exitCode !== 0) throw new Error(`flyte get io ${run}: ${stderr || stdout}`);
  return stripVTControlCharacters(stdout);
}
