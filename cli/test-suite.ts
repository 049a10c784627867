/** One project of tests by vitest, whole or in parts until a time; each part is a process of its own. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { checkout } from "./context.ts";
import { add, type Count, countResults, nothing } from "./test-results.ts";

const vitest = join(checkout, "node_modules/vitest/vitest.mjs");
/** Begins the names of what the tools leave for the next run, and for the count. */
export const results = join(checkout, "node_modules/.biplane-test");

export interface Suite {
  project: string;
  filter: string[];
  env?: Record<string, string>;
}

/** Files of the project that the filter leaves, from the checkout's root. */
export async function filesOf(project: string, filter: string[]): Promise<string[]> {
  const { stdout } = await list(["--filesOnly", `--project=${project}`, ...filter]);
  return linesOf(stdout).map((line) => line.replace(/^\[[\w-]+\] /, ""));
}

export async function runSuite(count: Count, { project, filter, env = {} }: Suite): Promise<void> {
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

/**
 * So many files at a time, and none once it is late: what did not begin is counted as skipped and told.
 *
 * @param until milliseconds since 1970
 */
export async function runSuiteUntil(count: Count, suite: Suite, { until, atOnce }: { until: number; atOnce: number }) {
  const files = await filesOf(suite.project, suite.filter);
  for (let at = 0; at < files.length; at += atOnce) {
    if (Date.now() >= until) {
      const left = files.slice(at);
      const skipped = await testsIn(suite.project, left);
      add(count, { ...nothing(), skipped, late: left });
      return;
    }
    await runSuite(count, { ...suite, filter: files.slice(at, at + atOnce) });
  }
}

/** Of these files, as far as it can be told without running them: one whose tests a suite elsewhere makes counts as one. */
async function testsIn(project: string, files: string[]): Promise<number> {
  const { exitCode, stdout, stderr } = await list([`--project=${project}`, ...files], { reject: false });
  if (exitCode === 0) return linesOf(stdout).length;
  const others = files.filter((file) => !stderr.includes(`No test suite found in file ${join(checkout, file)}`));
  // Whatever else is wrong with them, the files did not run.
  if (others.length === files.length || others.length === 0) return files.length;
  return files.length - others.length + (await testsIn(project, others));
}

const list = (args: string[], { reject = true } = {}) =>
  execa(process.execPath, [vitest, "list", ...args], { cwd: checkout, stdin: "ignore", reject });

const linesOf = (text: string) => text.split("\n").filter((line) => line !== "");
