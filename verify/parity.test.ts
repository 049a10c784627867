import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checks } from "./checks/index.ts";
import { parityDocument, renderParity } from "./claims/parity-document.ts";
import { cellsOf, holesIn, onOtherCloud, readParityWaivers } from "./parity.ts";
import { type Recording, reportOf } from "./recording.ts";
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
  {
    ...{ cloud: "gcp" as const, targets: goodGoogleTargets, facts: goodGoogleFacts, pods: "POD-06" },
    ...{ putOff: "comm-fluentbit-tls", openOf: "TLS-04" },
  },
  {
    ...{ cloud: "azure" as const, targets: goodAzureTargets, facts: () => goodAzureFacts(), pods: "POD-43" },
    ...{ putOff: "comm-fluentbit-tls", openOf: "TLS-04" },
  },
];

describe.each(others)("a plane on $cloud", ({ cloud, targets, facts, pods, putOff, openOf }) => {
  const own = waivers.filter((waiver) => waiver.cloud === cloud);
  const recording = (startedAt: string): Recording => ({
    ...{ commit: "c", startedAt, seconds: 1, targets, collected: collectedFrom(facts()) },
    ...{ documentedCommands: [], limits: [], standIns: [], waivers: [], selection: { only: [], plane: "compute" } },
  });
  const [day] = own.map(({ until }) => until).sort();

  it("is judged by what its cluster tells, and what is put off is told, each with its day, and accepted until then", () => {
    const report = reportOf(recording(`${day}T23:59:59.000Z`));
    const failing = report.checks.filter(({ outcome }) => outcome === "FAIL" || outcome === "MANUAL");
    expect([failing, report.exitCode]).toEqual([[], 0]);
    const told = report.checks.filter(({ outcome }) => outcome === "NOT_EVALUATED").flatMap(({ claims }) => claims);
    // Two other clouds may each have a check of it. Those that judge what was tried were not asked.
    const read = own.filter(({ reason }) => !reason.includes("--probe")).flatMap(({ claims }) => claims);
    expect([...new Set(told)].sort()).toEqual([...read].sort());
    const { reason } = report.acceptedUnevaluated.find(({ claim }) => claim === putOff) ?? { reason: "" };
    expect(reason).toContain(`waived on ${cloud} until ${day}`);
  });

  it("is not wholly judged from the day after", () => {
    const report = reportOf(recording("2099-01-01T00:00:00.000Z"));
    expect(report.exitCode).toBe(2);
    expect(report.acceptedUnevaluated).toEqual([]);
    expect(report.checks.find(({ id }) => id === openOf)?.reason).toMatch(/its waiver has ended or there is none/);
  });

  it("is told of a check of another cloud only what is decided by nothing here", () => {
    const report = reportOf(recording(`${day}T00:00:00.000Z`));
    const result = report.checks.find(({ id }) => id === "POD-03") ?? expect.unreachable("it is in the report");
    expect(result).toMatchObject({ outcome: "NOT_APPLICABLE", reason: `on ${cloud} decided by ${pods}` });
    expect(onOtherCloud(result, [], cloud, day ?? "").reason).toContain("it is not of that cloud");
  });
});
