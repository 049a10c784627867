import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { z } from "zod";

/** What a part of the tests came to. `failures` says each failed test again: where it stands, its name, its error's first lines. */
export interface Count {
  passed: number;
  failed: number;
  skipped: number;
  failures: string[];
}

/** Enough for an assertion with its difference, not for a log that was put into a message. */
const linesOfAnError = 15;

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
        z.object({ status: z.string(), fullName: z.string(), failureMessages: z.array(z.string()).nullish() }),
      ),
    }),
  ),
});

/**
 * Counts what vitest's JSON reporter left in `file` after its process ended with `exitCode`. A file of tests that cannot
 * be loaded holds no failed test, and an error outside of tests is in no file: each counts as one failure.
 */
export function countResults(file: string, project: string, exitCode: number | undefined, folder: string): Count {
  if (!existsSync(file)) return failure(`the ${project} tests did not run to their end`);
  const parsed = resultsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  const failures = parsed.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const where = relative(folder, name);
    const failed = assertionResults.filter((result) => result.status === "failed");
    if (failed.length === 0) return status === "failed" ? [told(`${where} › the file itself`, message)] : [];
    return failed.map(({ fullName, failureMessages }) =>
      told(`${where} › ${fullName}`, (failureMessages ?? []).join("\n")),
    );
  });
  if (failures.length === 0 && exitCode !== 0) failures.push(`the ${project} tests, outside of a test; see above`);
  return {
    passed: parsed.numPassedTests,
    failed: Math.max(parsed.numFailedTests, failures.length),
    skipped: parsed.numPendingTests + parsed.numTodoTests,
    failures,
  };
}

/** One failure that is in no test, with what was said of it. */
export const failure = (text: string, error = ""): Count => ({
  passed: 0,
  failed: 1,
  skipped: 0,
  failures: [error === "" ? text : told(text, error)],
});

export function add(count: Count, more: Count): void {
  count.passed += more.passed;
  count.failed += more.failed;
  count.skipped += more.skipped;
  count.failures.push(...more.failures);
}

/** The end of a test run: each failure again, since the place where it was told first is far above, then the count. */
export function summary({ passed, failed, skipped, failures }: Count): string {
  const again = failures.map((text) => `FAILED: ${text}\n`).join("");
  return `${again}${passed} passed, ${failed} failed, ${skipped} skipped\n`;
}

function told(subject: string, error: string): string {
  const lines = stripVTControlCharacters(error).split("\n");
  const rest = lines.length > linesOfAnError ? [`… ${lines.length - linesOfAnError} more lines`] : [];
  return [subject, ...lines.slice(0, linesOfAnError), ...rest].join("\n    ");
}
