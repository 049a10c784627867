import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  FixedRateUnit,
  type ScheduleSchema,
  TriggerAutomationSpecSchema,
  TriggerAutomationSpecType,
} from "../../../gen/flyteidl2/task/common_pb.js";
import { readSchedule } from "./schedule.ts";

type Expression = Exclude<MessageInitShape<typeof ScheduleSchema>, { $typeName: string }>["expression"];

function schedule(expression: NonNullable<Expression>) {
  const automation = { case: "schedule" as const, value: { expression } };
  const read = readSchedule(
    create(TriggerAutomationSpecSchema, { type: TriggerAutomationSpecType.TYPE_SCHEDULE, automation }),
  );
  if (!read) throw new Error("no schedule");
  return read;
}

const cron = (expression: string, timezone = "") => schedule({ case: "cron", value: { expression, timezone } });
const rate = (value: number, unit = FixedRateUnit.MINUTE, startTime?: Date) =>
  schedule({
    case: "rate",
    value: { value, unit, ...(startTime ? { startTime: timestampFromDate(startTime) } : {}) },
  });
const at = (text: string) => new Date(text);

function times(of: ReturnType<typeof schedule>, from: string, count: number): string[] {
  const found: string[] = [];
  for (let now: Date | undefined = at(from); now && found.length < count; ) {
    now = of.first(now);
    if (now) found.push(now.toISOString().replace(":00.000Z", "Z"));
  }
  return found;
}

describe("a cron schedule", () => {
  it.each([
    ["0 0 1 * *", "", "2026-01-15T00:00Z", ["2026-02-01T00:00Z", "2026-03-01T00:00Z"]],
    ["*/20 6 * * 1-5", "", "2026-01-02T06:30Z", ["2026-01-02T06:40Z", "2026-01-05T06:00Z"]],
    ["0 0 13 * FRI", "", "2026-01-03T00:00Z", ["2026-01-09T00:00Z", "2026-01-13T00:00Z"]],
    ["0 12 29 2 *", "", "2026-01-01T00:00Z", ["2028-02-29T12:00Z", "2032-02-29T12:00Z"]],
    ["0 9 * JAN,Dec 0", "", "2026-01-30T00:00Z", ["2026-12-06T09:00Z", "2026-12-13T09:00Z"]],
    ["30 6 * * 7", "", "2026-01-01T00:00Z", ["2026-01-04T06:30Z", "2026-01-11T06:30Z"]],
    ["0 9 * * *", "Asia/Kolkata", "2026-01-01T00:00Z", ["2026-01-01T03:30Z", "2026-01-02T03:30Z"]],
  ])("%s %s comes when crontab(5) says", (expression, zone, from, expected) => {
    expect(times(cron(expression, zone), from, expected.length)).toEqual(expected);
  });

  it("at a fixed time runs once on the day that leaves the hour out, and once where it comes twice", () => {
    // Paris: 2026-03-29 has no 02:30, 2026-10-25 has two.
    const fixed = cron("30 2 * * *", "Europe/Paris");
    expect(times(fixed, "2026-03-28T12:00Z", 2)).toEqual(["2026-03-29T01:00Z", "2026-03-30T00:30Z"]);
    expect(times(fixed, "2026-10-24T12:00Z", 2)).toEqual(["2026-10-25T00:30Z", "2026-10-26T01:30Z"]);
    const listed = cron("30 2,14 * * *", "Europe/Paris");
    expect(times(listed, "2026-03-28T20:00Z", 2)).toEqual(["2026-03-29T01:00Z", "2026-03-29T12:30Z"]);
  });

  it("with a step follows the clock through both", () => {
    const stepping = cron("*/30 * * * *", "Europe/Paris");
    expect(times(stepping, "2026-03-29T00:15Z", 3)).toEqual([
      "2026-03-29T00:30Z",
      "2026-03-29T01:00Z",
      "2026-03-29T01:30Z",
    ]);
    expect(times(stepping, "2026-10-24T23:45Z", 5)).toEqual([
      "2026-10-25T00:00Z",
      "2026-10-25T00:30Z",
      "2026-10-25T01:00Z",
      "2026-10-25T01:30Z",
      "2026-10-25T02:00Z",
    ]);
  });

  it("fires the latest of what was missed, and goes on from there", () => {
    const hourly = cron("0 * * * *");
    const due = at("2026-01-01T01:00Z");
    expect(hourly.at(due, at("2026-01-01T01:00:00.400Z"))).toEqual({ fire: due, next: at("2026-01-01T02:00Z") });
    expect(hourly.at(due, at("2026-01-01T06:20Z"))).toEqual({
      fire: at("2026-01-01T06:00Z"),
      next: at("2026-01-01T07:00Z"),
    });
    // At the very time.
    expect(hourly.at(due, at("2026-01-01T06:00Z"))).toEqual({
      fire: at("2026-01-01T06:00Z"),
      next: at("2026-01-01T07:00Z"),
    });
    const year = cron("* * * * *").at(due, at("2027-01-01T00:00:30Z"));
    expect(year).toEqual({ fire: at("2027-01-01T00:00Z"), next: at("2027-01-01T00:01Z") });
  });

  const field = (low: number, high: number) =>
    fc.oneof(
      fc.constant("*"),
      fc.integer({ min: low, max: high }).map(String),
      fc.integer({ min: 2, max: high - low }).map((step) => `*/${step}`),
      fc.tuple(fc.integer({ min: low, max: high }), fc.integer({ min: low, max: high })).map(([a, b]) => {
        return `${Math.min(a, b)}-${Math.max(a, b)}`;
      }),
      fc.uniqueArray(fc.integer({ min: low, max: high }), { minLength: 1, maxLength: 3 }).map((all) => all.join(",")),
    );
  /** Days up to the 28th come in every month. */
  const expressions = fc
    .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6))
    .map((fields) => fields.join(" "));
  const moments = fc.date({ min: at("2024-01-01T00:00Z"), max: at("2030-01-01T00:00Z"), noInvalidDate: true });
  const zones = fc.constantFrom("UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe");

  it("moves on, misses nothing between two times, and finds from behind what it found from before", () => {
    fc.assert(
      fc.property(expressions, zones, moments, (expression, zone, now) => {
        const of = cron(expression, zone);
        const first = of.first(now);
        if (!first) throw new Error("it never comes");
        expect(first.getTime()).toBeGreaterThan(now.getTime());
        expect(first.getTime() % 60_000).toBe(0);
        const second = of.first(first);
        if (!second) throw new Error("it never comes again");
        expect(second.getTime()).toBeGreaterThan(first.getTime());
        expect(of.first(new Date(second.getTime() - 1))).toEqual(second);
        // Whenever it is looked at between the two, it is the first that fires, and the second that is next.
        for (const late of [0, 1, 59_999, Math.floor((second.getTime() - first.getTime()) / 2)]) {
          expect(of.at(first, new Date(first.getTime() + late))).toEqual({ fire: first, next: second });
        }
        expect(of.at(first, second).fire).toEqual(second);
      }),
      { numRuns: 150 },
    );
  });

  it("agrees with a reading of the fields minute by minute", () => {
    const matches = (text: string, n: number, low: number) =>
      text.split(",").some((one) => {
        const [range = "", step] = one.split("/");
        const [from, to = from] = range === "*" ? [low, Number.POSITIVE_INFINITY] : range.split("-").map(Number);
        return n >= Number(from) && n <= Number(to) && (n - Number(from)) % Number(step ?? 1) === 0;
      });
    fc.assert(
      fc.property(field(0, 59), field(0, 23), field(0, 6), moments, (minute, hour, weekday, now) => {
        const found = cron(`${minute} ${hour} * * ${weekday}`).first(now);
        let expected = new Date(Math.floor(now.getTime() / 60_000) * 60_000 + 60_000);
        while (
          !matches(minute, expected.getUTCMinutes(), 0) ||
          !matches(hour, expected.getUTCHours(), 0) ||
          !matches(weekday, expected.getUTCDay(), 0)
        ) {
          expected = new Date(expected.getTime() + 60_000);
        }
        expect(found).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    "",
    "0 0 * *",
    "0 0 * * * *",
    "@daily",
    "60 0 * * *",
    "0 24 * * *",
    "0 0 0 * *",
    "0 0 L * *",
    "0 0 * * 5#2",
    "0 0 15W * *",
    "? * * * *",
    "5/5 * * * *",
    "0 0 * FOO *",
    "*/0 * * * *",
    "10-5 * * * *",
    "0 0 30 2 *",
    "CRON_TZ=UTC 0 0 * * *",
  ])("is refused by name: %s", (expression) => {
    expect(() => cron(expression)).toThrow(/cron expression/);
  });

  it("is refused where it is a novel, told in a line", () => {
    expect(() => cron("* ".repeat(5000))).toThrow(/^.{1,400}$/);
  });

  it.each(["Mars/Olympus", "+02:00", "Factory", "Europe/Paris\0"])("refuses the time zone %s", (zone) => {
    expect(() => cron("0 0 * * *", zone)).toThrow(/time zone is .* allowed: a name of the IANA list/);
  });
});

describe("a rate", () => {
  const now = at("2026-01-01T00:00:10.250Z");

  it("without a start begins one interval after it was activated", () => {
    expect(rate(5).first(now)).toEqual(at("2026-01-01T00:05:10.250Z"));
    expect(rate(2, FixedRateUnit.HOUR).first(now)).toEqual(at("2026-01-01T02:00:10.250Z"));
    expect(rate(1, FixedRateUnit.DAY).first(now)).toEqual(at("2026-01-02T00:00:10.250Z"));
  });

  it("with a start keeps to its steps, and begins at the start itself where that is to come", () => {
    expect(rate(5, FixedRateUnit.MINUTE, at("2025-12-31T23:58Z")).first(now)).toEqual(at("2026-01-01T00:03Z"));
    expect(rate(5, FixedRateUnit.MINUTE, at("2026-06-01T00:00Z")).first(now)).toEqual(at("2026-06-01T00:00Z"));
    expect(rate(5, FixedRateUnit.MINUTE, now).first(now)).toEqual(new Date(now.getTime() + 300_000));
  });

  it("fires the latest of what was missed and stays in step", () => {
    const due = at("2026-01-01T00:05Z");
    expect(rate(5).at(due, due)).toEqual({ fire: due, next: at("2026-01-01T00:10Z") });
    expect(rate(5).at(due, at("2026-01-01T01:03Z"))).toEqual({
      fire: at("2026-01-01T01:00Z"),
      next: at("2026-01-01T01:05Z"),
    });
  });

  it.each([
    [0, FixedRateUnit.MINUTE],
    [5, FixedRateUnit.UNSPECIFIED],
    [4_000_000_000, FixedRateUnit.DAY],
  ])("of %d in unit %d is refused", (value, unit) => {
    expect(() => rate(value, unit)).toThrow(/rate is .* allowed: 1 minute to ten years/);
  });

  it("whose start is no time is refused", () => {
    const startTime = { seconds: 10n ** 17n, nanos: 0 };
    const broken = { case: "rate" as const, value: { value: 1, unit: FixedRateUnit.DAY, startTime } };
    expect(() => schedule(broken)).toThrow(/start_time/);
  });
});

describe("an automation", () => {
  const spec = (init: MessageInitShape<typeof TriggerAutomationSpecSchema>) =>
    create(TriggerAutomationSpecSchema, init);

  it("may be none", () => {
    expect(readSchedule(undefined)).toBeUndefined();
    expect(readSchedule(spec({ type: TriggerAutomationSpecType.TYPE_NONE }))).toBeUndefined();
  });

  it("is refused where it says that it is a schedule and has none, and where artifacts are to start it", () => {
    expect(() => readSchedule(spec({ type: TriggerAutomationSpecType.TYPE_SCHEDULE }))).toThrow(/automation_spec/);
    const artifact = { case: "artifact" as const, value: { artifactName: "model" } };
    const watching = () => readSchedule(spec({ type: TriggerAutomationSpecType.TYPE_ARTIFACT, automation: artifact }));
    expect(watching).toThrow(expect.objectContaining({ code: Code.Unimplemented }));
  });

  it("takes the older field for cron as UTC", () => {
    expect(times(schedule({ case: "cronExpression", value: "0 0 * * *" }), "2026-01-01T12:00Z", 1)).toEqual([
      "2026-01-02T00:00Z",
    ]);
  });
});
