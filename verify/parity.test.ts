import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checks } from "./checks/index.ts";
import { parityDocument, renderParity } from "./claims/parity-document.ts";
import { cellsOf, holesIn, onOtherCloud, readParityWaivers } from "./parity.ts";
import { reportOf } from "./recording.ts";
import { goodAzureFacts, goodAzureTargets } from "./testing/good-azure.ts";
import { goodGoogleFacts, goodGoogleTargets } from "./testing/good-google.ts";
import { collectedFrom } from "./testing/good-plane.ts";

const waivers = readParityWaivers();
const cells = cellsOf(checks, waivers);

describe("the matrix of controls and clouds", () => {
  it("has no hole: every cell is decided, or put off until a day", () => expect(holesIn(cells, waivers)).toEqual([]));

  it("names the cell when one implementation is taken away", () => {
    const less = checks.filter(({ id }) => id !== "POD-06");
    expect(holesIn(cellsOf(less, waivers), waivers)).toEqual([
      "gcp k8s-workload-identity-per-pod: neither a check nor a waiver",
    ]);
    const alike = checks.map((check) => (check.id === "NS-01" ? { ...check, clouds: ["aws" as const] } : check));
    expect(holesIn(cellsOf(alike, waivers), waivers)).toEqual([
      "gcp ns-per-project: neither a check nor a waiver",
      "azure ns-per-project: neither a check nor a waiver",
    ]);
    const without = checks.filter(({ id }) => id !== "NET-42");
    expect(holesIn(cellsOf(without, waivers), waivers)).toEqual([
      "azure net-no-inbound-firewall-rules: neither a check nor a waiver",
    ]);
  });

  it("names a waiver of what is decided, and one of what nobody decides anywhere", () => {
    const more = [
      { cloud: "gcp" as const, until: "2027-01-01", reason: "none at all", claims: ["ns-per-project", "other"] },
    ];
    expect(holesIn(cellsOf(checks, more), more)).toEqual(
      expect.arrayContaining([
        "gcp ns-per-project: waived, and decided by NS-01",
        "gcp other: waived, and no check decides it anywhere",
      ]),
    );
  });

  it("stands in the document as it is", () => expect(readFileSync(parityDocument, "utf8")).toBe(renderParity(cells)));
});

const others = [
  { cloud: "gcp" as const, targets: goodGoogleTargets, facts: goodGoogleFacts, pods: "POD-06", logs: "TLS-24" },
  { cloud: "azure" as const, targets: goodAzureTargets, facts: () => goodAzureFacts(), pods: "POD-43", logs: "TLS-44" },
];

describe.each(others)("a plane on $cloud", ({ cloud, targets, facts, pods, logs }) => {
  const judged = (startedAt: string, cells?: ReturnType<typeof cellsOf>) =>
    reportOf(
      {
        ...{ commit: "c", startedAt, seconds: 1, targets, collected: collectedFrom(facts()) },
        ...{ documentedCommands: [], limits: [], standIns: [], waivers: [] },
        selection: { only: [], plane: "compute" },
      },
      cells,
    );
  const report = judged("2026-01-01T00:00:00.000Z");
  const resultOf = (id: string) =>
    report.checks.find((one) => one.id === id) ?? expect.unreachable("it is in the report");

  it("is judged whole by what its cluster tells", () => {
    const open = report.checks.filter(({ outcome }) => outcome !== "PASS" && outcome !== "NOT_APPLICABLE");
    expect([open, report.exitCode]).toEqual([[], 0]);
    expect(report.acceptedUnevaluated).toEqual([]);
  });

  it("is told of a check of another cloud only what is decided by nothing here", () => {
    const result = resultOf("POD-03");
    expect(result).toMatchObject({ outcome: "NOT_APPLICABLE", reason: `on ${cloud} decided by ${pods}` });
    expect(onOtherCloud(result, [], cloud, "2026-01-01").reason).toContain("it is not of that cloud");
  });

  it("is told what is put off with its day, which is accepted until then and not after it", () => {
    const claim = "comm-fluentbit-tls";
    const waiver = { cloud, until: "2027-03-31", reason: "it is not read yet", claims: [claim] };
    const less = cellsOf(
      checks.filter(({ id }) => id !== logs),
      [waiver],
    );
    const [lastMoment, dayAfter] = ["2027-03-31T23:59:59.000Z", "2027-04-01T00:00:00.000Z"];
    const limit = { claim, reason: `waived on ${cloud} until 2027-03-31: it is not read yet` };
    const until = judged(lastMoment, less);
    expect([until.exitCode, until.acceptedUnevaluated]).toEqual([0, [limit]]);
    const after = judged(dayAfter, less);
    expect([after.exitCode, after.acceptedUnevaluated]).toEqual([2, []]);
    const told = ({ checks: results }: typeof after) => results.find(({ id }) => id === "TLS-04");
    expect(told(until)).toMatchObject({
      ...{ outcome: "NOT_EVALUATED", claims: [claim] },
      reason: expect.stringContaining("waived until 2027-03-31"),
    });
    expect(told(after)?.reason).toMatch(/its waiver has ended or there is none/);
  });
});
