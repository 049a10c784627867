import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { add, countResults, failure, nothing, summary } from "./test-results.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "biplane-results-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const testResults = (name: string, assertionResults: object[], status = "failed", message = "") => ({
  name: join(folder, name),
  status,
  message,
  assertionResults,
});

function left(results: { passed: number; failed: number; files: object[] }, exitCode: number | undefined) {
  const file = join(folder, "results.json");
  const counts = {
    numPassedTests: results.passed,
    numFailedTests: results.failed,
    numPendingTests: 2,
    numTodoTests: 1,
  };
  writeFileSync(file, JSON.stringify({ ...counts, testResults: results.files }));
  return countResults(file, "unit", exitCode, folder);
}

describe("the count of a test run", () => {
  it("says each failed test again with the first lines of its error", () => {
    const library = "    at expect (file:///here/node_modules/vitest/index.js:1:2)\n    at node:internal/process:3:4\n";
    const failureMessages = [
      `\u001b[31mAssertionError\u001b[39m: 1 is not 2\n${library}${"at somewhere\n".repeat(30)}`,
    ];
    const failed = { status: "failed", fullName: "a sum is right", failureMessages };
    const counted = left(
      { passed: 4, failed: 1, files: [testResults("sum.test.ts", [failed, { status: "passed", fullName: "other" }])] },
      1,
    );
    expect(counted).toMatchObject({ passed: 4, failed: 1, skipped: 3 });
    const [text] = counted.failures;
    expect(text?.split("\n").slice(0, 2)).toEqual(["sum.test.ts › a sum is right", "    AssertionError: 1 is not 2"]);
    expect(text).toMatch(/… 17 more lines$/);
  });

  it("counts a file that cannot be loaded, and an error that is in no test", () => {
    const broken = left(
      { passed: 1, failed: 0, files: [testResults("broken.test.ts", [], "failed", "no such module")] },
      1,
    );
    expect(broken).toMatchObject({ failed: 1, failures: ["broken.test.ts › the file itself\n    no such module"] });
    const outside = left({ passed: 1, failed: 0, files: [testResults("well.test.ts", [], "passed")] }, 1);
    expect(outside).toMatchObject({ failed: 1, failures: ["the unit tests, outside of a test; see above"] });
  });

  it("counts tests that left no results, and is clean where all is well", () => {
    expect(countResults(join(folder, "none.json"), "planes", undefined, folder)).toEqual(
      failure("the planes tests did not run to their end"),
    );
    const well = [
      testResults("well.test.ts", [{ status: "passed", fullName: "steady", failureMessages: [] }], "passed"),
    ];
    expect(left({ passed: 7, failed: 0, files: well }, 0)).toEqual({ ...nothing(), passed: 7, skipped: 3 });
  });

  it("tells what passed only at the second try", () => {
    const first = { status: "passed", fullName: "at last", failureMessages: ["Error: not yet"] };
    const counted = left({ passed: 1, failed: 0, files: [testResults("late.test.ts", [first], "passed")] }, 0);
    expect(counted).toMatchObject({
      failed: 0,
      failures: [],
      unsteady: ["late.test.ts › at last\n    Error: not yet"],
    });
    expect(summary(counted)).toMatch(
      /^UNSTEADY, passed at the second try: late.test.ts › at last\n {4}Error: not yet\n1 passed/,
    );
  });

  it("tells what did not run for want of a part, by its file and number", () => {
    const needing = { status: "skipped", fullName: "ships", failureMessages: [], meta: { part: "logs" } };
    const ran = { ...needing, status: "passed" };
    const other = { ...needing, meta: {} };
    const files = [
      testResults("shipping.test.ts", [needing, needing, other], "passed"),
      testResults("shipped.test.ts", [ran, other], "passed"),
    ];
    const counted = left({ passed: 1, failed: 0, files }, 0);
    expect(counted.without).toEqual(["shipping.test.ts, 2 tests, without the part logs"]);
    expect(summary(counted)).toMatch(
      /^DID NOT RUN: shipping\.test\.ts, 2 tests, without the part logs, which .*\n1 passed/,
    );
  });

  it("ends with one plain line", () => {
    const count = { ...nothing(), passed: 3, skipped: 1 };
    add(count, failure("types; see above"));
    expect(summary(count)).toBe("FAILED: types; see above\n3 passed, 1 failed, 1 skipped\n");
  });
});
