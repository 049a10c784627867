import { join } from "node:path";
import { execa } from "execa";
import { bringUp, isUp, takeDown } from "../../sandbox/local-run.ts";
import { paths } from "../../sandbox/paths.ts";
import { createProgress, ensureGenerated, ensureToolchain } from "../../sandbox/toolchain/index.ts";
import type { CommandOptions } from "../config.ts";
import { checkout } from "../context.ts";
import { add, type Count, failure, nothing, summary } from "../test-results.ts";
import { filesOf, results, runSuite, runSuiteUntil } from "../test-suite.ts";

const tools: [name: string, tool: string, args: string[]][] = [
  ["format and lint", "biome", ["ci", "--colors=off"]],
  ["types", "tsc", ["--noEmit", "--incremental", "--tsBuildInfoFile", `${results}-types.tsbuildinfo`]],
];

/**
 * `unit`: no planes. Everything: lint, types and unit tests first, since they are quick to say no; then those against a
 * database; then those that start their own parts; then the planes, which come up only if a test of theirs is asked for.
 * `within`: of these last, none begins later, so that a slow machine tells what it saw in place of being cut off.
 */
export async function test({ tier, long, within, filter }: CommandOptions<"test">): Promise<number> {
  const until = within === undefined ? Number.POSITIVE_INFINITY : Date.now() + within * 60_000;
  const here = paths();
  const progress = createProgress(here);
  const count = nothing();
  const asked = async (project: string) =>
    tier === "all" && (filter.length === 0 || (await filesOf(project, filter)).length > 0);
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
    runSuite(count, { project: "unit", filter }),
  ]);
  const env = { BIPLANE_LONG: long ? "1" : "" };
  const all = (project: string) => runSuite(count, { project, filter, env });
  const untilLate = (project: string, atOnce: number) =>
    within === undefined ? all(project) : runSuiteUntil(count, { project, filter, env }, { until, atOnce });
  if (tier === "all") await all("database");
  if (integration) await all("integration");
  if (visits || planes) {
    const wasUp = isUp(here);
    try {
      await bringUp(here, progress);
      await untilLate("visits", 16);
      await untilLate("planes", 8);
    } finally {
      if (!wasUp) await takeDown(here, progress);
    }
  }
  if (lifecycle) await untilLate("lifecycle", 1);
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
