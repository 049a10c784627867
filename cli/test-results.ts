import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { z } from "zod";

/**
 * What a part of the tests came to. `failures` says each failed test again: where it stands, its name, its error's first
 * lines; `unsteady` in the same way those that passed only at a second try. `without` says which did not run for want of
 * an extended part of the toolchain, `late` the files that did not begin in time.
 */
export interface Count {
  passed: number;
  failed: number;
  skipped: number;
  failures: string[];
  unsteady: string[];
  without: string[];
  late: string[];
}

/** Enough for an assertion with its difference, not for a log that was put into a message. */
const linesOfAnError = 15;
/** A place in a stack that tells nothing of this project. */
const ofALibrary = /^\s+at .*(\/node_modules\/|\bnode:)/;

const resultsSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(""),
      assertionResults: z.array(
        z.object({
          status: z.string(),
          fullName: z.string(),
          failureMessages: z
            .array(z.string())
            .nullish()
            .transform((messages) => messages ?? []),
          // sandbox/toolchain/testing/needs.ts
          meta: z.object({ part: z.string().optional() }).default({}),
        }),
      ),
    }),
  ),
});

/**
 * Counts what vitest's JSON reporter left in `file` after its process ended with `exitCode`. A file of tests that cannot
 * be loaded holds no failed test, and an error outside of tests is in no file: each counts as one failure. A test that
 * passed and has an error failed at its first try.
 */
export function countResults(file: string, project: string, exitCode: number | undefined, folder: string): Count {
  if (!existsSync(file)) return failure(`the ${project} tests did not run to their end`);
  const parsed = resultsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  const failures: string[] = [];
  const unsteady: string[] = [];
  const without: string[] = [];
  for (const { name, status, message, assertionResults } of parsed.testResults) {
    const where = relative(folder, name);
    for (const test of assertionResults) {
      const text = told(`${where} › ${test.fullName}`, test.failureMessages.join("\n"));
      if (test.status === "failed") failures.push(text);
      else if (test.failureMessages.length > 0) unsteady.push(text);
    }
    const skipped = assertionResults.filter((test) => test.status !== "passed" && test.status !== "failed");
    for (const part of new Set(skipped.flatMap(({ meta }) => meta.part ?? [])))
      without.push(
        `${where}, ${skipped.filter(({ meta }) => meta.part === part).length} tests, without the part ${part}`,
      );
    if (status === "failed" && assertionResults.every((test) => test.status !== "failed"))
      failures.push(told(`${where} › the file itself`, message));
  }
  if (failures.length === 0 && exitCode !== 0) failures.push(`the ${project} tests, outside of a test; see above`);
  return {
    passed: parsed.numPassedTests,
    failed: Math.max(parsed.numFailedTests, failures.length),
    skipped: parsed.numPendingTests + parsed.numTodoTests,
    failures,
    unsteady,
    without,
    late: [],
  };
}

/** Nothing yet. */
export const nothing = (): Count => ({
  ...{ passed: 0, failed: 0, skipped: 0 },
  ...{ failures: [], unsteady: [], without: [], late: [] },
});

/** One failure that is in no test, with what was said of it. */
export const failure = (text: string, error = ""): Count => ({
  ...nothing(),
  failed: 1,
  failures: [error === "" ? text : told(text, error)],
});

export function add(count: Count, more: Count): void {
  count.passed += more.passed;
  count.failed += more.failed;
  count.skipped += more.skipped;
  count.failures.push(...more.failures);
  count.unsteady.push(...more.unsteady);
  count.without.push(...more.without);
  count.late.push(...more.late);
}

/** The end of a test run: each failure again, since the place where it was told first is far above, then the count. */
export function summary({ passed, failed, skipped, failures, unsteady, without, late }: Count): string {
  const again = unsteady.map((text) => `UNSTEADY, passed at the second try: ${text}\n`);
  again.push(...without.map((text) => `DID NOT RUN: ${text}, which \`./biplane up --with\` builds\n`));
  again.push(...late.map((file) => `DID NOT RUN: ${file}, since the time of --within was over\n`));
  again.push(...failures.map((text) => `FAILED: ${text}\n`));
  return `${again.join("")}${passed} passed, ${failed} failed, ${skipped} skipped\n`;
}

function told(subject: string, error: string): string {
  const lines = stripVTControlCharacters(error)
    .split("\n")
    .filter((line) => !ofALibrary.test(line));
  const rest = lines.length > linesOfAnError ? [`… ${lines.length - linesOfAnError} more lines`] : [];
  return [subject, ...lines.slice(0, linesOfAnError), ...rest].join("\n    ");
}
