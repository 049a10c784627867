import { describe, expect, it } from "vitest";
import type { AnyCheck } from "./check.ts";
import { findClaim, ledger } from "./claims/ledger.ts";
import { stateOfClaims } from "./claims/state.ts";
import { evidenceOf } from "./main.ts";
import type { Outcome } from "./outcome.ts";
import { exitCodeOf, refuseStale } from "./recording.ts";
import type { Report, ReportedCheck } from "./report/result.ts";

const ended = (outcome: Outcome, claim = "a"): ReportedCheck => ({
  id: outcome,
  title: "",
  severity: "low",
  plane: "compute",
  claims: [claim],
  documented: [],
  reads: [],
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

describe("a list of accepted gaps", () => {
  const limits = [{ claim: "a", reason: "one machine" }];

  it("is stale once its claim was decided, in every part that applies", () => {
    expect(() => refuseStale(limits, [ended("PASS", "a")])).toThrow(/limits: claim is "a"/);
    expect(() => refuseStale(limits, [ended("NOT_APPLICABLE", "a"), ended("FAIL", "a")])).toThrow(/limits: claim/);
  });

  it("is right while a part is open, or nothing asked", () => {
    refuseStale(limits, [ended("PASS", "a"), ended("NOT_EVALUATED", "a")]);
    refuseStale(limits, [ended("NOT_EVALUATED", "a"), ended("PASS", "a")]);
    refuseStale(limits, [ended("NOT_APPLICABLE", "a"), ended("PASS", "b")]);
  });
});

describe("what the ledger is told", () => {
  const report: Report = {
    tool: "biplane verify",
    commit: "c",
    startedAt: "2026-01-01T00:00:00.000Z",
    seconds: 1,
    target: { org: "acme", account: "2", region: "r", clusterName: "c", model: "self-managed", cloud: "aws" },
    counts: { PASS: 0, FAIL: 0, MANUAL: 0, NOT_EVALUATED: 0, NOT_APPLICABLE: 0 },
    exitCode: 0,
    checks: [
      { ...ended("PASS", "ns-per-project"), id: "NS-01", sabotages: [{ name: "gone", red: true }] },
      {
        ...ended("PASS", "tenant-rls-not-used"),
        ...{ id: "DB-02", plane: "control" },
        supersedes: { "tenant-rls-not-used": "docs/decisions/0002-row-level-security.md" },
        sabotages: [{ name: "off", red: true }],
      },
      { ...ended("NOT_APPLICABLE", "cp-multi-az"), plane: "control" },
    ],
    documentedCommands: [],
    standIns: [],
    acceptedUnevaluated: [
      { claim: "cp-rds-automatic-failover", reason: "one Postgres" },
      { claim: "iam-gcp-workload-identity", reason: "no Google API" },
    ],
    waivers: [],
    requests: [],
  };
  const states = (from: Parameters<typeof evidenceOf>[1]) => {
    const evidence = evidenceOf(report, from);
    const claims = ledger.claims.filter(({ id }) => evidence.some(({ claim }) => claim === id));
    return Object.fromEntries(stateOfClaims(claims, evidence, "c").claims.map(({ id, state }) => [id, state]));
  };

  it("is of one plane at a time, with what a decision record outdoes, and nothing of what does not apply", () => {
    expect(states("compute")).toEqual({ "ns-per-project": "proven" });
    expect(states("control")).toEqual({ "tenant-rls-not-used": "superseded" });
  });

  it("is of the cloud that the plane stands in, and a region's of its own", () => {
    const both = [
      ended("PASS", "ns-per-project"),
      { ...ended("PASS", "comm-client-cp-tls12"), plane: "control" as const },
    ];
    const google: Report = { ...report, target: { ...report.target, cloud: "gcp" }, checks: both };
    const clouds = [...evidenceOf(google, "compute"), ...evidenceOf(google, "control")].map(({ cloud }) => cloud);
    expect(clouds).toEqual(["gcp", "aws"]);
  });

  it("keeps what was tried apart from what was read, of both planes", () => {
    const check: ReportedCheck = { ...ended("PASS", "comm-client-cp-tls12"), id: "TLS-01", plane: "control" };
    const tried = { ...report, checks: [check] };
    expect(evidenceOf(tried, "control")).toEqual([]);
    expect(evidenceOf(tried, "compute")).toEqual([]);
    expect(evidenceOf(tried, "probes").map(({ by, model }) => [by, model])).toEqual([["TLS-01", "any"]]);
  });

  describe("of a claim in parts", () => {
    const claims = ["enc-in-transit-everywhere"];
    const parts = ["TLS-07", "TLS-90", "TLS-91"].map((id) => ({
      ...({ id, claims, plane: "compute", clouds: id === "TLS-91" ? ["gcp"] : ["aws"] } as unknown as AnyCheck),
    }));
    const told = (...outcomes: [string, Outcome][]) => {
      const results = outcomes.map(([id, outcome]) => ({ ...ended(outcome, claims[0]), id }));
      return evidenceOf({ ...report, checks: results }, "compute", parts).map(({ by, result }) => `${by} ${result}`);
    };

    it("is a pass where each part passed, or one does not apply", () => {
      expect(told(["TLS-07", "PASS"], ["TLS-90", "PASS"])).toEqual(["TLS-07 pass", "TLS-90 pass"]);
      expect(told(["TLS-07", "NOT_APPLICABLE"], ["TLS-90", "PASS"])).toEqual(["TLS-90 pass"]);
    });

    it("is none where a part was not run, or could not tell, whichever stands first", () => {
      expect(told(["TLS-07", "PASS"])).toEqual(["TLS-07 not-evaluated"]);
      const open = ["TLS-07 not-evaluated", "TLS-90 not-evaluated"];
      expect(told(["TLS-07", "NOT_EVALUATED"], ["TLS-90", "PASS"])).toEqual(open);
      expect(told(["TLS-90", "PASS"], ["TLS-07", "NOT_EVALUATED"])).toEqual(open.toReversed());
    });

    it("fails by any part", () => {
      expect(told(["TLS-07", "FAIL"], ["TLS-90", "PASS"])).toEqual(["TLS-07 fail", "TLS-90 not-evaluated"]);
    });
  });

  it("counts each accepted gap as not evaluated, also one of another cloud, with its reason", () => {
    expect(findClaim("iam-gcp-workload-identity")?.clouds).toEqual(["gcp"]);
    expect(states("accepted gaps")).toEqual({
      "cp-rds-automatic-failover": "notEvaluated",
      "iam-gcp-workload-identity": "notEvaluated",
    });
    expect(evidenceOf(report, "accepted gaps").map(({ reason }) => reason)).toEqual(["one Postgres", "no Google API"]);
  });
});
