import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Recording, Selection } from "./recording.ts";
import { reportOf } from "./recording.ts";
import { recordingOf, withoutDeny } from "./testing/recording.ts";
import type { Waiver } from "./waiver-schema.ts";
import { readWaivers } from "./waivers.ts";

const fingerprint =
  reportOf(recordingOf(withoutDeny)).checks.flatMap(({ findings }) => findings.filter(({ ok }) => !ok))[0]
    ?.fingerprint ?? "";
const waiver: Waiver = {
  ...{ check: "NS-04", fingerprint, owner: "jane@example.test", reason: "moves away in March" },
  expires: "2026-03-01",
};

const selection = { only: ["NS-03", "NS-04"] };
const report = (change?: Parameters<typeof recordingOf>[0], more?: Partial<Recording>) =>
  reportOf(recordingOf(change, { selection, ...more }));
const ns04 = ({ checks }: ReturnType<typeof report>) => checks.find(({ id }) => id === "NS-04");

describe("a waiver", () => {
  it("leaves a finding what it is, says who answers for it, and the run answers 5", () => {
    const made = report(withoutDeny, { waivers: [waiver] });
    expect(ns04(made)).toMatchObject({ outcome: "FAIL" });
    expect(ns04(made)?.findings.find(({ ok }) => !ok)?.waived).toEqual({
      ...{ owner: "jane@example.test", reason: "moves away in March", expires: "2026-03-01" },
    });
    expect(made).toMatchObject({ exitCode: 5, counts: { FAIL: 1 }, waivers: [{ state: "used" }] });
  });

  it("holds on its last day, and the day after it the finding counts again, and so does the waiver", () => {
    const late = { startedAt: "2026-03-02T00:00:00.000Z", waivers: [waiver] };
    expect(report(withoutDeny, late)).toMatchObject({ exitCode: 1, waivers: [{ state: "expired" }] });
    expect(ns04(report(withoutDeny, late))?.findings.some(({ waived }) => waived)).toBe(false);
    expect(report(undefined, late)).toMatchObject({ exitCode: 1, counts: { FAIL: 0 } });
  });

  it.each([
    ["another finding", { ...waiver, fingerprint: "0".repeat(16) }],
    ["another check", { ...waiver, check: "NS-03" }],
  ])("of %s waives nothing, and is itself a finding", (_, other) => {
    expect(report(withoutDeny, { waivers: [other] })).toMatchObject({ exitCode: 1, waivers: [{ state: "unused" }] });
    expect(ns04(report(withoutDeny, { waivers: [other] }))?.findings.some(({ waived }) => waived)).toBe(false);
    expect(report(undefined, { waivers: [other] })).toMatchObject({ exitCode: 1 });
  });

  it("covers one finding, not the others of its check", () => {
    const made = report(
      (facts) =>
        (facts.networkPolicies = [facts.networkPolicies[0] ?? {}].map((policy) => ({
          ...policy,
          metadata: { namespace: "x" },
        }))),
      {
        waivers: [waiver],
      },
    );
    expect(ns04(made)?.findings.filter(({ ok, waived }) => !ok && !waived)).toHaveLength(1);
    expect(made.exitCode).toBe(1);
  });

  it("is not called unused when its check could not decide", () => {
    const blind = recordingOf(withoutDeny, { selection, waivers: [waiver] });
    blind.collected.networkPolicies = { read: false, reason: "403", request: "list" };
    expect(reportOf(blind)).toMatchObject({ exitCode: 2, waivers: [{ state: "not judged" }] });
  });
});

describe("the waivers' file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "biplane-waivers-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const read = (text: string) => {
    const path = join(folder, "w.yaml");
    writeFileSync(path, text);
    return readWaivers(path);
  };
  const entry = (fields: object) => JSON.stringify({ waivers: [fields] });

  it("is read as YAML", () => {
    const text = `waivers:\n  - check: NS-04\n    fingerprint: "${fingerprint}"\n    owner: jane@example.test\n    reason: moves away in March\n    expires: 2026-03-01\n`;
    expect(read(text)).toEqual([waiver]);
  });

  it.each([
    ["has no owner", entry({ ...waiver, owner: undefined }), /owner/],
    ["has a reason of one word", entry({ ...waiver, reason: "later" }), /reason/],
    ["never ends", entry({ ...waiver, expires: undefined }), /expires/],
    ["is for a whole check", entry({ ...waiver, fingerprint: "*" }), /16 hex digits/],
    ["is there twice", JSON.stringify({ waivers: [waiver, waiver] }), /one waiver a finding/],
    ["is no YAML", "waivers: [", /a YAML file/],
  ])("is refused when a waiver %s", (_, text, words) => {
    expect(() => read(text)).toThrow(words);
  });
});

describe("a selection", { timeout: 60_000 }, () => {
  it("asks the named checks alone, or those of a plane", () => {
    expect(report(undefined, { selection: { only: ["NS-04"] } }).checks.map(({ id }) => id)).toEqual(["NS-04"]);
    const control = report(undefined, { selection: { only: [], plane: "control" } });
    expect(new Set(control.checks.map(({ plane }) => plane))).toEqual(new Set(["control"]));
    expect(control.checks.length).toBeGreaterThan(10);
  });

  it("asks what judges a probe only where one was made, and refuses it by name elsewhere", () => {
    const ids = (more: Partial<Selection>) =>
      report(undefined, { selection: { only: [], ...more } }).checks.map(({ id }) => id);
    expect(ids({})).not.toContain("TLS-01");
    expect(ids({ probe: true })).toContain("TLS-01");
    expect(ids({ probe: true, plane: "compute" })).not.toContain("TLS-01");
    expect(() => ids({ only: ["TLS-01"] })).toThrow(/--only.*TLS-01.*with --probe/s);
  });

  it("refuses a check that nobody knows", () => {
    expect(() => report(undefined, { selection: { only: ["NS-4"] } })).toThrow(/^--only is "NS-4"; allowed: .*NS-04/);
  });

  it("prints findings below --fail-on, and does not answer 1 for them", () => {
    expect(ns04(report(withoutDeny))?.severity).toBe("high");
    expect(report(withoutDeny, { selection: { ...selection, failOn: "high" } }).exitCode).toBe(1);
    expect(report(withoutDeny, { selection: { ...selection, failOn: "critical" } })).toMatchObject({
      exitCode: 0,
      counts: { FAIL: 1 },
    });
  });
});
