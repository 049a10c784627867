import { describe, expect, it } from "vitest";
import { z } from "zod";
import { reportOf } from "../recording.ts";
import { recordingOf, withoutDeny } from "../testing/recording.ts";
import { renderSarif } from "./sarif.ts";

/** The parts of SARIF 2.1.0 that are written, as its sections 3.13 to 3.52 require them; anything else is refused. */
const text = z.strictObject({ text: z.string().min(1) });
const level = z.enum(["none", "note", "warning", "error"]);
const result = z
  .strictObject({
    ruleId: z.string(),
    ruleIndex: z.int().min(0),
    kind: z.enum(["pass", "open", "informational", "notApplicable", "review", "fail"]),
    level,
    message: text,
    locations: z.array(
      z.strictObject({
        logicalLocations: z.array(z.strictObject({ fullyQualifiedName: z.string(), kind: z.string() })),
      }),
    ),
    partialFingerprints: z.record(z.string(), z.string()).optional(),
    suppressions: z
      .array(
        z.strictObject({
          kind: z.enum(["inSource", "external"]),
          status: z.enum(["accepted", "underReview", "rejected"]),
          justification: z.string(),
        }),
      )
      .optional(),
  })
  .refine(
    ({ kind, level: own }) => kind === "fail" || own === "none",
    "3.27.10: a result that is no fail has level none",
  );
const sarif = z.strictObject({
  $schema: z.url(),
  version: z.literal("2.1.0"),
  runs: z.tuple([
    z
      .strictObject({
        tool: z.strictObject({
          driver: z.strictObject({
            name: z.string().min(1),
            version: z.string(),
            rules: z.array(
              z.strictObject({
                id: z.string().min(1),
                shortDescription: text,
                help: text,
                defaultConfiguration: z.strictObject({ level }),
                properties: z.looseObject({ tags: z.array(z.string()) }),
              }),
            ),
          }),
        }),
        automationDetails: z.strictObject({ id: z.string().min(1) }),
        invocations: z.array(
          z.strictObject({
            executionSuccessful: z.boolean(),
            startTimeUtc: z.iso.datetime(),
            endTimeUtc: z.iso.datetime(),
            exitCode: z.int(),
            toolExecutionNotifications: z.array(z.strictObject({ level, message: text })),
          }),
        ),
        results: z.array(result),
      })
      .refine(
        ({ tool, results }) => results.every(({ ruleId, ruleIndex }) => tool.driver.rules[ruleIndex]?.id === ruleId),
        "3.27.6: ruleIndex names another rule than ruleId",
      ),
  ]),
});

const selection = { only: ["NS-03", "NS-04", "CLS-02", "POD-01"] };
const read = (...[change, more]: Parameters<typeof recordingOf>) => {
  const report = reportOf(recordingOf(change, { selection, ...more }));
  const [run] = sarif.parse(JSON.parse(renderSarif(report))).runs;
  return { report, run, of: (id: string) => run.results.filter(({ ruleId }) => ruleId === id) };
};

describe("the SARIF report", () => {
  it("has a rule a check, and of each check at least one result", () => {
    const { run } = read();
    expect(run.tool.driver.rules.map(({ id }) => id)).toEqual(["CLS-02", "NS-03", "NS-04", "POD-01"]);
    expect(new Set(run.results.map(({ ruleId }) => ruleId))).toEqual(new Set(selection.only));
    expect(run.results.filter(({ kind }) => kind === "fail")).toEqual([]);
    expect(run.invocations[0]).toMatchObject({
      executionSuccessful: true,
      exitCode: 0,
      endTimeUtc: "2026-03-01T10:00:01.500Z",
    });
  });

  it("has a finding at its subject, by its fingerprint, as grave as its check", () => {
    const { of, report } = read(withoutDeny);
    const finding = report.checks.flatMap(({ findings }) => findings).find(({ ok }) => !ok);
    expect(of("NS-04").filter(({ kind }) => kind === "fail")).toMatchObject([
      {
        level: "error",
        locations: [{ logicalLocations: [{ fullyQualifiedName: "Namespace/demo-development" }] }],
        partialFingerprints: { "biplaneFinding/v1": finding?.fingerprint },
      },
    ]);
  });

  it("has a waived finding still, with who answers for it", () => {
    const fingerprint = read(withoutDeny)
      .of("NS-04")
      .find(({ kind }) => kind === "fail")?.partialFingerprints?.["biplaneFinding/v1"];
    const waiver = {
      check: "NS-04",
      fingerprint: fingerprint ?? "",
      owner: "jane",
      reason: "moves away",
      expires: "2026-03-02",
    };
    const suppressed = read(withoutDeny, { waivers: [waiver] })
      .of("NS-04")
      .filter(({ kind }) => kind === "fail");
    expect(suppressed.map(({ suppressions }) => suppressions)).toEqual([
      [{ kind: "external", status: "accepted", justification: "moves away (jane, until 2026-03-02)" }],
    ]);
  });

  it("says what was not decided, and which request was refused", () => {
    const recording = recordingOf(undefined, { selection });
    recording.collected.pods = { read: false, reason: "403 Forbidden", request: "list v1 Pod" };
    const [run] = sarif.parse(JSON.parse(renderSarif(reportOf(recording)))).runs;
    expect(run.results.find(({ ruleId }) => ruleId === "POD-01")).toMatchObject({ kind: "open", level: "none" });
    expect(run.results.find(({ ruleId }) => ruleId === "CLS-02")).toMatchObject({
      kind: "notApplicable",
      level: "none",
    });
    expect(run.invocations[0]).toMatchObject({ executionSuccessful: false, exitCode: 2 });
    expect(run.invocations[0]?.toolExecutionNotifications[0]?.message.text).toContain("403 Forbidden (list v1 Pod)");
  });
});
