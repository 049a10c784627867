import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { bringUp, isUp, takeDown } from "../../sandbox/local-run.ts";
import { paths } from "../../sandbox/paths.ts";
import { createProgress, ensureGenerated, ensureToolchain } from "../../sandbox/toolchain/index.ts";
import type { CommandOptions } from "../config.ts";
import { checkout } from "../context.ts";

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

const resultsSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  numFailedTestSuites: z.int(),
});

/** `unit`: no planes. Everything: lint, types and unit tests first, since they are quick to say no; then the planes. */
export async function test({ tier, long, filter }: CommandOptions<"test">): Promise<number> {
  const here = paths();
  const progress = createProgress(here);
  const count: Count = { passed: 0, failed: 0, skipped: 0 };
  await (tier === "unit" ? ensureGenerated(here, progress) : ensureToolchain(here, progress));
  if (filter.length === 0) {
    await gate(count, "format and lint", ["biome", "ci", "--colors=off"]);
    await gate(count, "types", ["tsc", "--noEmit"]);
  }
  await suite(count, "unit", filter);
  if (tier === "all") {
    const wasUp = isUp(here);
    try {
      await bringUp(here, progress);
      await suite(count, "planes", filter, { BIPLANE_LONG: long ? "1" : "" });
    } finally {
      if (!wasUp) await takeDown(here, progress);
    }
    await suite(count, "lifecycle", filter, { BIPLANE_LONG: long ? "1" : "" });
  }
  process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
  return count.failed === 0 && count.passed > 0 ? 0 : 1;
}

/** A tool whose exit code decides, counted as one test. */
async function gate(count: Count, name: string, [tool = "", ...args]: string[]): Promise<void> {
  const exitCode = await inherit(join(checkout, "node_modules/.bin", tool), args);
  if (exitCode === 0) count.passed++;
  else count.failed++;
  process.stdout.write(`${exitCode === 0 ? "ok" : "FAILED"}: ${name}\n`);
}

async function suite(count: Count, project: string, filter: string[], env: Record<string, string> = {}): Promise<void> {
  const results = join(checkout, `node_modules/.biplane-test-${project}.json`);
  rmSync(results, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${results}`];
  await inherit(
    process.execPath,
    [
      join(checkout, "node_modules/vitest/vitest.mjs"),
      "run",
      `--project=${project}`,
      "--passWithNoTests",
      ...reporters,
      ...filter,
    ],
    env,
  );
  if (!existsSync(results)) {
    count.failed++;
    process.stdout.write(`FAILED: the ${project} tests did not run to their end\n`);
    return;
  }
  const parsed = resultsSchema.parse(JSON.parse(readFileSync(results, "utf8")));
  count.passed += parsed.numPassedTests;
  // A file that cannot be loaded fails as a suite and holds no failed test.
  count.failed += Math.max(parsed.numFailedTests, parsed.numFailedTestSuites > 0 ? 1 : 0);
  count.skipped += parsed.numPendingTests + parsed.numTodoTests;
}

function inherit(command: string, args: string[], env: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: checkout,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ...env },
    });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}
