import { describe, expect, it } from "vitest";
import { passed } from "../testing/evidence.ts";
import type { Evidence } from "./evidence.ts";
import { type Claim, ledger } from "./ledger.ts";
import { claimStates, inCloud, stateOfClaims } from "./state.ts";

const claim: Claim = {
  id: "a",
  source: "000:1",
  statement: "",
  plane: "data",
  clouds: ["aws"],
  models: ["self-managed"],
  kind: "read-only",
};
const seen = passed({ claim: claim.id });
const stateOf = (evidence: Evidence[], of: Claim = claim) => stateOfClaims([of], evidence, "c").claims[0]?.state;

describe("the ledger", () => {
  it("holds the 271 claims of the documents, each once", () => {
    expect(ledger.claims.length).toBe(271);
    expect(new Set(ledger.claims.map(({ id }) => id)).size).toBe(271);
    const kinds = Object.groupBy(ledger.claims, ({ kind }) => kind);
    expect(Object.fromEntries(Object.entries(kinds).map(([kind, rows]) => [kind, rows?.length]))).toEqual({
      "read-only": 106,
      "active-probe": 38,
      "end-to-end": 123,
      attestation: 4,
    });
  });

  it("restates only claims that it holds", () => {
    const ids = new Set(ledger.claims.map(({ id }) => id));
    expect(
      Object.values(ledger.aliases)
        .flat()
        .filter((id) => !ids.has(id)),
    ).toEqual([]);
  });
});

describe("the state of a claim", () => {
  it("is proven only by a pass with a sabotage that was seen", () => {
    const { sabotage: _, ...unproved } = seen;
    expect(stateOf([seen])).toBe("proven");
    expect(stateOf([unproved])).toBe("notEvaluated");
  });

  it("is failing when anything says so", () => {
    expect(stateOf([seen, { ...seen, by: "other", result: "fail" }])).toBe("failing");
  });

  it("is superseded by a pass that a decision record stands behind, and only by a pass", () => {
    const outdone = { ...seen, decision: "docs/decisions/0002-row-level-security.md" };
    expect(stateOf([outdone])).toBe("superseded");
    expect(stateOf([outdone, seen])).toBe("superseded");
    expect(stateOf([{ ...outdone, result: "not-evaluated" }])).toBe("notEvaluated");
    expect(stateOf([{ ...outdone, result: "fail" }])).toBe("failing");
  });

  it("counts a region's evidence for every model, on its own cloud", () => {
    expect(stateOf([{ ...seen, model: "any" }], { ...claim, models: ["byoc"] })).toBe("proven");
    expect(stateOf([{ ...seen, model: "any" }], { ...claim, clouds: ["gcp"] })).toBe("open");
  });

  it("does not count another model's or another cloud's evidence", () => {
    expect(stateOf([{ ...seen, model: "byoc" }])).toBe("open");
    expect(stateOf([{ ...seen, cloud: "gcp" }])).toBe("open");
  });

  it("is asked of one cloud by its claims and by what was decided there", () => {
    const both: Claim = { ...claim, clouds: ["aws", "gcp"] };
    const own = inCloud([claim, both], [seen, { ...seen, cloud: "gcp", by: "other" }], "gcp");
    expect(own.claims).toEqual([both]);
    expect(stateOfClaims(own.claims, own.evidence, "c").claims).toMatchObject([{ state: "proven", by: ["other"] }]);
    expect(stateOfClaims(own.claims, inCloud([both], [seen], "gcp").evidence, "c").open).toBe(1);
  });

  it("is attestation, not open, where no system can decide", () => {
    expect(stateOf([], { ...claim, kind: "attestation" })).toBe("attestation");
  });

  it("counts to the total", () => {
    const report = stateOfClaims(ledger.claims, [], "c");
    expect(claimStates.reduce((sum, state) => sum + report[state], 0)).toBe(report.total);
  });
});
