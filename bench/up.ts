/** Where the time of the local run goes: up, again, run, idle, down, beside the figures to reach. `node bench/up.ts`. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { plainTable } from "../cli/print.ts";
import { localRunSteps } from "../sandbox/local-run.ts";
import { paths } from "../sandbox/paths.ts";
import { measureIdle } from "./idle.ts";

const here = paths();
const checkout = join(import.meta.dirname, "..");
const rows: [what: string, measured: string, figure: string][] = [];

const timed = (what: string, figure: string, args: string[]): void => {
  const began = performance.now();
  const done = spawnSync(join(checkout, "biplane"), args, { cwd: checkout, encoding: "utf8" });
  if (done.status !== 0)
    throw new Error(`biplane ${args.join(" ")} ended with ${done.status}:\n${done.stdout}${done.stderr}`);
  rows.push([what, `${((performance.now() - began) / 1000).toFixed(1)} s`, figure]);
};

timed("down, to begin with", "", ["down"]);
timed("up, toolchain and images cached", "< 120 s", ["up"]);
const last = JSON.parse(readFileSync(join(here.cache, "timings.json"), "utf8")) as Record<string, number>;
for (const title of Object.values(localRunSteps)) rows.push([`  ${title}`, `${(last[title] ?? 0).toFixed(1)} s`, ""]);
timed("up, again", "< 15 s", ["up"]);
const hello = ["run", "examples/hello.py", "hello", "--name", "bench"];
timed("run, first", "", hello);
timed("run, warm", "< 15 s", hello);
const idle = await measureIdle(here, 30);
rows.push(["idle processor", `${idle.cores.toFixed(2)} cores`, "≤ 0.5"]);
rows.push(["idle memory", `${idle.gibibytes.toFixed(2)} GiB, ${idle.processes} processes`, "≤ 6 GiB"]);
timed("down", "< 20 s", ["down"]);
const kibibytes = Number(execFileSync("du", ["-sk", here.cache], { encoding: "utf8" }).split("\t")[0]);
rows.push(["cache on disk", `${(kibibytes / 1024 / 1024).toFixed(1)} GiB`, "≤ 8 GiB"]);

const table = plainTable(["what", "measured", "to reach"]);
table.push(...rows);
process.stdout.write(`${table.toString()}\n`);
