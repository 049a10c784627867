import { rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { bringUp, isUp, takeDown } from "../../sandbox/local-run.ts";
import { paths } from "../../sandbox/paths.ts";
import { createProgress, ensureGenerated, ensureToolchain } from "../../sandbox/toolchain/index.ts";
import type { CommandOptions } from "../config.ts";
import { checkout } from "../context.ts";
import { add, type Count, countResults, failure, nothing, summary } from "../test-results.ts";

const vitest = join(checkout, "node_modules/vitest/vitest.mjs");
/** Begins the names of what the tools leave for the next run, and for the count. */
const results = join(checkout, "node_modules/.biplane-test");

const tools: [name: string, tool: string, args: string[]][] = [
  ["format and lint", "biome", ["ci", "--colors=off"]],
  ["types", "tsc", ["--noEmit", "--incremental", "--tsBuildInfoFile", `${results}-types.tsbuildinfo`]],
];

/**
 * `unit`: no planes. Everything: lint, types and unit tests first, since they are quick to say no; then those against a
 * database; then those that start their own parts; then the planes, which come up only if a test of theirs is asked for.
 */
export async function test({ tier, long, filter }: CommandOptions<"test">): Promise<number> {
  const here = paths();
  const progress = createProgress(here);
  const count = nothing();
  const asked = async (project: string) => tier === "all" && (filter.length === 0 || (await holds(project, filter)));
  const [integration, visits, planes, lifecycle] = [
    await asked("integration"),
    await asked("visits"),
    await asked("planes"),
    await asked("lifecycle"),
  ];
  await (integration || visits || planes || lifecycle
    ? ensureToolchain(here, progress)
    : ensureGenerated(here, progress));
  await Promise.all([
    // Beside the unit tests, which wait now and then.
    filter.length === 0 ? gates(count, tools) : undefined,
    suite(count, "unit", filter),
  ]);
  const env = { BIPLANE_LONG: long ? "1" : "" };
  if (tier === "all") await suite(count, "database", filter, env);
  if (integration) await suite(count, "integration", filter, env);
  if (visits || planes) {
    const wasUp = isUp(here);
    try {
      await bringUp(here, progress);
      await suite(count, "visits", filter, env);
      await suite(count, "planes", filter, env);
    } finally {
      if (!wasUp) await takeDown(here, progress);
    }
  }
  if (lifecycle) await suite(count, "lifecycle", filter, env);
  process.stdout.write(summary(count));
  return count.failed === 0 && count.passed > 0 ? 0 : 1;
}

/** Tools whose exit code decides, each counted as one test. They run at the same time and report one after the other. */
async function gates(count: Count, asked: typeof tools): Promise<void> {
  const running = asked.map(([name, tool, args]) => {
    const command = join(checkout, "node_modules/.bin", tool);
    return { name, ended: execa(command, args, { cwd: checkout, stdin: "ignore", all: true, reject: false }) };
  });
  for (const { name, ended } of running) {
    const { exitCode, all, shortMessage } = await ended;
    // Without an exit code the tool did not run, and has said nothing.
    const said = exitCode === undefined ? shortMessage : all;
    if (exitCode === 0) count.passed++;
    else add(count, failure(name, said));
    process.stdout.write(`${said ? `${said}\n` : ""}${exitCode === 0 ? "ok" : "FAILED"}: ${name}\n`);
  }
}

/** Whether the project has a file that the filter leaves. */
async function holds(project: string, filter: string[]): Promise<boolean> {
  const args = ["list", "--filesOnly", `--project=${project}`, ...filter];
  return (await execa(process.execPath, [vitest, ...args], { cwd: checkout, stdin: "ignore" })).stdout !== "";
}

async function suite(count: Count, project: string, filter: string[], env: Record<string, string> = {}): Promise<void> {
  const file = `${results}-${project}.json`;
  rmSync(file, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const args = ["run", `--project=${project}`, "--passWithNoTests", ...reporters, ...filter];
  const { exitCode } = await execa(process.execPath, [vitest, ...args], {
    cwd: checkout,
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    env: { NODE_COMPILE_CACHE: `${results}-compiled`, ...env },
    // The file says how the tests went.
    reject: false,
  });
  add(count, countResults(file, project, exitCode, checkout));
}
