import { describe, expect, it } from "vitest";
import { reportOf } from "../recording.ts";
import { recordingOf, withoutDeny } from "../testing/recording.ts";
import { diffReports, exitCodeOfDiff, renderDiff } from "./diff.ts";

const selection = { only: ["CLS-02", "NS-03", "NS-04"] };
const good = reportOf(recordingOf(undefined, { selection }));
const bad = reportOf(recordingOf(withoutDeny, { selection }));
const finding = { check: "NS-04", subject: "Namespace/demo-development" };

describe("the difference of two reports", () => {
  it("has what is new, what is fixed and what stayed", () => {
    expect(diffReports(good, bad)).toMatchObject({ new: [finding], fixed: [], unchanged: [], incomparable: [] });
    expect(diffReports(bad, good)).toMatchObject({ new: [], fixed: [finding], unchanged: [], incomparable: [] });
    expect(diffReports(bad, bad)).toMatchObject({ new: [], fixed: [], unchanged: [finding], incomparable: [] });
    expect([diffReports(good, bad), diffReports(bad, good), diffReports(bad, bad)].map(exitCodeOfDiff)).toEqual([
      1, 0, 0,
    ]);
  });

  it("calls nothing fixed that was only not read", () => {
    const blind = recordingOf(withoutDeny, { selection });
    blind.collected.networkPolicies = { read: false, reason: "403 Forbidden", request: "list" };
    const diff = diffReports(bad, reportOf(blind));
    expect(diff).toMatchObject({ fixed: [], incomparable: [{ check: "NS-04", before: "FAIL" }] });
    expect(diff.incomparable[0]?.after).toMatch(/^NOT_EVALUATED: .*403/);
    expect(exitCodeOfDiff(diff)).toBe(2);
    expect(renderDiff(diff)).toMatch(
      /incomparable {2}NS-04 +FAIL → NOT_EVALUATED.*\n0 new · 0 fixed · 0 unchanged · 1 incomparable$/,
    );
  });

  it("does not compare a check that one of the two was not asked", () => {
    const part = reportOf(recordingOf(undefined, { selection: { only: ["NS-03"] } }));
    const { incomparable } = diffReports(part, good);
    expect(incomparable).toContainEqual({ check: "NS-04", before: "not asked", after: "PASS" });
    expect(incomparable.map(({ check }) => check)).not.toContain("NS-03");
  });

  it("counts two blind runs as a gap, and a check that applies to neither as none", () => {
    const blind = recordingOf(undefined, { selection });
    blind.collected.networkPolicies = { read: false, reason: "403", request: "list" };
    const report = reportOf(blind);
    expect(diffReports(report, report).incomparable.map(({ check }) => check)).toEqual(["NS-04"]);
    expect(good.checks.some(({ outcome }) => outcome === "NOT_APPLICABLE")).toBe(true);
  });
});
