/** Runs of the examples by the real client, as its users start them. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { type ClientResult, flyte, flyteRead } from "../../sandbox/client.ts";
import { checkout, environment, here } from "./local-run.ts";
import { runClient } from "./runs.ts";

export interface StartedRun {
  name: string;
  result: ClientResult;
}

export interface ExampleOptions {
  /** Whether the client stays until the run has ended. @default true */
  follow?: boolean;
  /** More of `flyte run`. @default none */
  options?: string[];
  /** Where the file is. @default examples/ of the checkout */
  folder?: string;
  /** Of its tasks. @default the local run's image of tasks */
  image?: string;
  /** What the client must have said, beside the run's name, for all to be said. @default nothing */
  prints?: string[];
}

/**
 * How often the client aborted in this file when its interpreter ended. Its transport (pyqwest) and its object store
 * (obstore) are Rust on threads of their own; before Python 3.14 a thread that comes back to an interpreter that is
 * ending is made to exit, and Rust answers that with an abort (CPython issue 87135, PyO3 issue 6084, which names
 * pyqwest). Ours was never caught in a debugger, so this is a likely cause, no more: an abort counts as success only if
 * nothing that the test asks for is missing.
 */
let aborts = 0;

/** `flyte run [--follow] examples/FILE TASK ARGS`. */
export async function runExample(
  file: string,
  task: string,
  args: string[] = [],
  { follow = true, options: more = [], folder = join(checkout, "examples"), image, prints = [] }: ExampleOptions = {},
): Promise<StartedRun> {
  const name = `t${randomBytes(7).toString("hex")}`;
  const options = ["--no-progress", "run", ...(follow ? ["--follow"] : []), ...more, "--name", name];
  const result = await flyte(here, environment, [...options, `${file}.py`, task, ...args], {
    cwd: folder,
    ...(image ? { env: { BIPLANE_TASK_IMAGE: image } } : {}),
  });
  if (result.signal !== "SIGABRT" || !saysAll(result, [name, ...prints])) return { name, result };
  const phase = await phaseOf(name, follow);
  if (phase === undefined || (follow && phase !== ActionPhase.SUCCEEDED)) return { name, result };
  aborts += 1;
  process.stderr.write(
    `the flyte client ended by SIGABRT after all was said; the region has ${name} as ${ActionPhase[phase]} ` +
      `(${aborts} so far in this test file)\n`,
  );
  return { name, result: { ...result, exitCode: 0 } };
}

/**
 * `flyte ARGS`, among the examples. The client may abort when its interpreter ends, all done: what it did is looked at.
 *
 * @param env over the client's own variables
 * @returns what it printed, in one line without frames. @throws where it did not end well, or did not say this
 */
export async function flyteSays(args: string[], said: RegExp, env: Record<string, string> = {}): Promise<string> {
  const { stdout, stderr, exitCode, signal } = await flyte(here, environment, ["--no-progress", ...args], {
    ...{ cwd: join(checkout, "examples"), env },
  });
  const text = stripVTControlCharacters(`${stdout}${stderr}`).replace(/[\s│]+/g, " ");
  if ((exitCode === 0 || signal === "SIGABRT") && said.test(text)) return text;
  throw new Error(`flyte ${args.slice(0, 2).join(" ")}: ${text}`);
}

const saysAll = ({ stdout }: ClientResult, texts: string[]) => {
  const said = stripVTControlCharacters(stdout);
  return texts.every((text) => said.includes(text));
};

/** As the region has it: after its end if it was followed, else as it is now. Nothing where the run is not known. */
async function phaseOf(run: string, ended: boolean): Promise<ActionPhase | undefined> {
  const runs = await runClient();
  if (ended) return (await runs.ended(run)).status?.phase;
  return (await runs.actions(run)).find(({ id }) => id?.name === "a0")?.status?.phase;
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
