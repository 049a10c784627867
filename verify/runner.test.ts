import { describe, expect, it } from "vitest";
import { defineCheck } from "./check.ts";
import { fail, pass } from "./outcome.ts";
import { judge } from "./runner.ts";
import { collectedFrom, goodFacts, goodTargets } from "./testing/good-plane.ts";

const named = (found: string) => [pass(found, "seen")];

function check(evaluate: () => ReturnType<typeof named>, turnsRed: boolean) {
  let calls = 0;
  return defineCheck({
    id: "T-01",
    title: "test",
    severity: "low",
    claims: ["ns-per-project"],
    documented: [],
    fix: "none",
    needs: ["namespaces"],
    evaluate: () => (calls++ > 0 && turnsRed ? [fail("x", "broken")] : evaluate()),
    sabotages: [{ name: "break it", apply: () => undefined }],
  });
}

describe("the runner", () => {
  const facts = collectedFrom(goodFacts());

  it("passes what was inspected, broke under sabotage, and was whole before", () => {
    expect(
      judge(
        check(() => named("x"), true),
        facts,
        goodTargets,
      ),
    ).toMatchObject({
      outcome: "PASS",
      sabotages: [{ name: "break it", red: true }],
    });
  });

  it("takes a pass away from a check that stays green under sabotage", () => {
    expect(
      judge(
        check(() => named("x"), false),
        facts,
        goodTargets,
      ),
    ).toEqual({
      outcome: "NOT_EVALUATED",
      reason: 'the check cannot be trusted: "break it" did not turn it red',
    });
  });

  it("does not pass a check that inspected nothing", () => {
    expect(
      judge(
        check(() => [], true),
        facts,
        goodTargets,
      ),
    ).toEqual({
      outcome: "NOT_EVALUATED",
      reason: "nothing was there to inspect",
    });
  });

  it("fails on one bad finding among good ones", () => {
    expect(
      judge(
        check(() => [pass("a", ""), fail("b", "")], true),
        facts,
        goodTargets,
      ).outcome,
    ).toBe("FAIL");
  });
});
