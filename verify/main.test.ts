import { describe, expect, it } from "vitest";
import { exitCodeOf } from "./main.ts";
import type { Outcome } from "./outcome.ts";
import type { ReportedCheck } from "./report/result.ts";

const ended = (outcome: Outcome, claim = "a"): ReportedCheck => ({
  id: outcome,
  title: "",
  severity: "low",
  plane: "compute",
  claims: [claim],
  documented: [],
  outcome,
  findings: [],
  sabotages: [],
  fix: "",
});

describe("the exit code", () => {
  it.each<[number, Outcome[]]>([
    [0, ["PASS", "NOT_APPLICABLE"]],
    [1, ["PASS", "FAIL", "NOT_EVALUATED"]],
    [2, ["PASS", "NOT_EVALUATED"]],
    [2, ["PASS", "MANUAL"]],
  ])("is %d for %j", (code, outcomes) => {
    expect(
      exitCodeOf(
        outcomes.map((outcome) => ended(outcome)),
        [],
      ),
    ).toBe(code);
  });

  it("is not 2 for a gap whose every claim is accepted", () => {
    const limits = [{ claim: "a", reason: "one machine" }];
    expect(exitCodeOf([ended("NOT_EVALUATED", "a")], limits)).toBe(0);
    expect(exitCodeOf([ended("NOT_EVALUATED", "b")], limits)).toBe(2);
  });

  it("is 1 for a finding even when its claim is accepted as a gap", () => {
    expect(exitCodeOf([ended("FAIL", "a")], [{ claim: "a", reason: "one machine" }])).toBe(1);
  });
});
