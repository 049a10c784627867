import { describe, expect, it } from "vitest";
import { codeOf } from "../../shared/testing/code-of.ts";
import { planHistory, readHistory } from "./history.ts";
import type { MeasuredStore, Series } from "./measured-store.ts";

const now = Date.parse("2026-11-22T18:00:00Z");
const hour = 3_600_000;
const day = 24 * hour;
const { signal } = new AbortController();

describe("how much is asked of the store", () => {
  it.each([
    ["an hour, as many as is usual", { start: now - hour, end: now, most: 0 }, { step: 36, count: 100 }, 60],
    ["an hour by 10", { start: now - hour, end: now, most: 10 }, { step: 360, count: 10 }, 360],
    ["no finer than kubelets measure", { start: now - 90_000, end: now, most: 500 }, { step: 30, count: 3 }, 60],
    ["a second, as one", { start: now - 1_000, end: now, most: 500 }, { step: 30, count: 1 }, 60],
    ["to now", { start: now - hour, end: undefined, most: 500 }, { step: 30, count: 120 }, 60],
    ["31 days by 500", { start: now - 31 * day, end: now, most: 500 }, { step: 5_357, count: 500 }, 5_357],
  ])("is %s", (_, wanted, { step, count }, window) => {
    expect(planHistory(wanted, now)).toEqual({ moments: { end: now / 1_000, step, count }, window });
  });

  it.each([
    ["without a start", { start: undefined, end: now, most: 0 }, /start_time/],
    ["that ends before it starts", { start: now, end: now - hour, most: 0 }, /end_time/],
    ["of no length", { start: now, end: now, most: 0 }, /end_time/],
    ["of more than 31 days", { start: now - 31 * day - 1_000, end: now, most: 0 }, /31 days/],
    ["by more than 500", { start: now - hour, end: now, most: 501 }, /max_measurements/],
  ])("is refused %s", async (_, wanted, message) => {
    expect(() => planHistory(wanted, now)).toThrow(message);
    expect(await codeOf((async () => planHistory(wanted, now))())).toBe("InvalidArgument");
  });
});

describe("what the store answers", () => {
  const end = now / 1_000;
  const moments = { end, step: 30, count: 3 };
  const series = (container: string, ...values: (number | undefined)[]): Series => ({
    container,
    values: new Map(
      values.flatMap((value, at) => (value === undefined ? [] : [[end - 60 + at * 30, value] as [number, number]])),
    ),
  });
  const told = async (cpu: Series[], memory: Series[]) => {
    const store: MeasuredStore = { cpu: async () => cpu, memory: async () => memory };
    const place = { namespace: "demo-development", pod: "r1-a0-0" };
    const read = await readHistory(store, place, { moments, window: 60 }, signal);
    return read.map(({ measuredAt, containers }) => [
      measuredAt.slice(14, 19),
      ...containers.map(({ name, cpu: cores, memoryBytes }) => `${name} ${cores} ${memoryBytes}`),
    ]);
  };

  it("is told by moment, oldest first, where both measures are known", async () => {
    expect(
      await told(
        [series("main", undefined, 0.5, 1), series("side", undefined, 0.1, undefined)],
        [series("side", 7, 8, 9), series("main", 1, 2, 3.4)],
      ),
    ).toEqual([
      ["59:30", "main 0.5 2", "side 0.1 8"],
      ["00:00", "main 1 3"],
    ]);
  });

  it("is nothing for a pod that was never measured", async () => {
    expect(await told([], [])).toEqual([]);
  });
});
