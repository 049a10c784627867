import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type ExportRow, planObjects, renderLines } from "./export-plan.ts";

const row = (id: number, at: string, more: Partial<ExportRow> = {}): ExportRow => ({
  ...{ org: "acme", id: String(id), at: new Date(at), subject: "ann", subject_kind: "user", api_key: "" },
  ...{ operation: "a.B/C", resource: "p/d/n", decision: "allowed", reason: "", request_id: "r" },
  ...more,
});

describe("planObjects", () => {
  it("makes one object for each organisation and hour, named by batch and content", () => {
    const rows = [
      row(1, "2026-01-31T23:59:59.999Z"),
      row(2, "2026-02-01T00:00:00.000Z"),
      row(3, "2026-01-31T23:00:00.000Z", { org: "globex" }),
      row(4, "2026-01-31T23:30:00.000Z"),
    ];
    const sha256 = (...of: number[]) =>
      createHash("sha256")
        .update(renderLines(of.map((at) => rows[at - 1] as ExportRow)))
        .digest("hex");
    expect(planObjects(42n, rows)).toEqual([
      {
        org: "acme",
        hour: new Date("2026-01-31T23:00:00Z"),
        key: `records/v1/org=acme/day=2026-01-31/hour=23/000000000042-${sha256(1, 4)}.jsonl.gz`,
        sha256: sha256(1, 4),
        records: 2,
        oldestAt: new Date("2026-01-31T23:30:00Z"),
      },
      {
        org: "acme",
        hour: new Date("2026-02-01T00:00:00Z"),
        key: `records/v1/org=acme/day=2026-02-01/hour=00/000000000042-${sha256(2)}.jsonl.gz`,
        sha256: sha256(2),
        records: 1,
        oldestAt: new Date("2026-02-01T00:00:00Z"),
      },
      {
        org: "globex",
        hour: new Date("2026-01-31T23:00:00Z"),
        key: `records/v1/org=globex/day=2026-01-31/hour=23/000000000042-${sha256(3)}.jsonl.gz`,
        sha256: sha256(3),
        records: 1,
        oldestAt: new Date("2026-01-31T23:00:00Z"),
      },
    ]);
  });

  it("gives another name to other content", () => {
    const keyOf = (reason: string) => planObjects(1n, [row(1, "2026-01-31T12:00:00Z", { reason })])[0]?.key;
    expect(keyOf("no")).not.toBe(keyOf("yes"));
    expect(keyOf("no")).toBe(keyOf("no"));
  });

  it("plans nothing of nothing", () => {
    expect(planObjects(1n, [])).toEqual([]);
  });
});

describe("renderLines", () => {
  it("writes each record whole, on a line of its own whatever its texts hold", () => {
    const lines = renderLines([
      row(1, "2026-01-31T12:00:00.123Z"),
      row(2, "2026-01-31T12:00:00Z", { decision: "denied", reason: 'a\nb"\u2028', api_key: "k1" }),
    ]);
    expect(lines.endsWith("\n")).toBe(true);
    const read = lines
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(read[0]).toEqual({
      ...{ id: "1", at: "2026-01-31T12:00:00.123Z", org: "acme", subject: "ann", subjectKind: "user" },
      ...{ apiKey: "", operation: "a.B/C", resource: "p/d/n", decision: "allowed", reason: "", requestId: "r" },
    });
    expect(read[1]).toMatchObject({ decision: "denied", reason: 'a\nb"\u2028', apiKey: "k1" });
  });
});
