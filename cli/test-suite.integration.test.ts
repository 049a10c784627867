import { expect, it } from "vitest";
import { nothing, summary } from "./test-results.ts";
import { filesOf, runSuiteUntil } from "./test-suite.ts";

const quick = { project: "unit", filter: ["sandbox/toolchain/progress-line", "shared/names"] };

it("a project's files are told as they lie in the checkout", async () => {
  expect((await filesOf("unit", quick.filter)).sort()).toEqual([
    "sandbox/toolchain/progress-line.test.ts",
    "shared/names.test.ts",
  ]);
});

it("what is begun in time runs whole, part by part", async () => {
  const count = nothing();
  await runSuiteUntil(count, quick, { until: Date.now() + 3_600_000, atOnce: 1 });
  expect(count).toMatchObject({ failed: 0, skipped: 0, late: [] });
  expect(count.passed).toBeGreaterThan(6);
});

it("once it is late no other part begins, and each file of these is named, with how many tests it holds", async () => {
  const count = nothing();
  await runSuiteUntil(count, quick, { until: 0, atOnce: 1 });
  expect(count).toMatchObject({ passed: 0, failed: 0 });
  expect(count.skipped).toBeGreaterThan(6);
  expect(summary(count)).toMatch(
    /DID NOT RUN: \S+\.test\.ts, since the time .*\nDID NOT RUN: \S+\.test\.ts.*\n0 passed, 0 failed, \d+ skipped\n$/,
  );
});

it("counts files as one each whose tests a suite elsewhere makes, beside those of the others", async () => {
  const count = nothing();
  const filter = ["test/contract/", "test/tenancy/wall"];
  await runSuiteUntil(count, { project: "planes", filter }, { until: 0, atOnce: 1 });
  expect(count).toMatchObject({ passed: 0, failed: 0 });
  expect(count.late).toHaveLength(3);
  expect(count.skipped).toBeGreaterThan(3);
});
