import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, type MockInstance, vi } from "vitest";
import type { Line } from "./log-lines.ts";
import { MergedLogs } from "./merged.ts";

const at = (...times: string[]): Line[] =>
  times.map((time) => ({ timestamp: `2026-11-22T17:00:${time}Z`, message: time }));

async function* said(...batches: (Line[] | number)[]): AsyncGenerator<Line[]> {
  for (const one of batches) {
    if (typeof one === "number") await sleep(one);
    else yield one;
  }
}

async function* silent(signal: AbortSignal): AsyncGenerator<Line[]> {
  await sleep(60_000, undefined, { signal }).catch(() => undefined);
}

function merged(sources: AsyncGenerator<Line[]>[], settle = { ms: 20, firstMs: 20 }): MergedLogs {
  const logs = new MergedLogs(settle);
  for (const [number, source] of sources.entries()) logs.add(String(number), source);
  return logs;
}

async function told(logs: MergedLogs, most = Number.POSITIVE_INFINITY) {
  const all: string[] = [];
  for await (const { source, lines } of logs.told()) {
    all.push(...lines.map(({ message }) => `${source} ${message}`));
    if (all.length >= most) break;
  }
  return all;
}

describe("several logs as one", () => {
  it("come in order of time, whichever speaks first, and however many digits a time has", async () => {
    const first = said(at("01", "03.5"), at("03.51", "09"), 100);
    const second = said(5, at("00.25", "03.505"), at("04"), 100);
    expect(await told(merged([first, second], { ms: 20, firstMs: 2_000 }))).toEqual([
      ...["1 00.25", "0 01", "0 03.5", "1 03.505", "0 03.51", "1 04", "0 09"],
    ]);
  });

  it("do not wait for one that is quiet, and wait for it once only", async () => {
    const over = new AbortController();
    const began = performance.now();
    const many = Array.from({ length: 20 }, (_, second) => at(String(second).padStart(2, "0")));
    expect(await told(merged([said(...many), silent(over.signal)]), 20)).toHaveLength(20);
    expect(performance.now() - began).toBeLessThan(20 * 20);
    over.abort();
  });

  it("wait longer for one that is not connected to yet", async () => {
    const late = said(60, at("01"), 100);
    expect(await told(merged([said(at("02"), 200), late], { ms: 20, firstMs: 2_000 }), 2)).toEqual(["1 01", "0 02"]);
  });

  it("let a line that was said just now wait for one of before it, of whoever was quiet", async () => {
    const now = (ms: number) => [{ timestamp: new Date(Date.now() + ms).toISOString(), message: `${ms}` }];
    const began = Date.now();
    const until = (ms: number) => sleep(Math.max(0, began + ms - Date.now()));
    async function* quiet() {
      yield at("01");
      await until(240);
      yield now(-50);
    }
    async function* other() {
      yield at("02");
      await until(220);
      yield now(0);
      await until(240);
    }
    expect(await told(merged([quiet(), other()], { ms: 60, firstMs: 60 }), 4)).toEqual([
      "0 01",
      "1 02",
      "0 -50",
      "1 0",
    ]);
  });

  it("go on without those that end, and with those that come, and end with the last", async () => {
    const logs = merged([said(at("01")), said(at("02"), 30, at("05"))]);
    const all: string[] = [];
    for await (const { source, lines } of logs.told()) {
      all.push(...lines.map(({ message }) => `${source} ${message}`));
      if (all.length === 2) logs.add("new", said(at("04"), 100, at("06")));
    }
    expect(all).toEqual(["0 01", "1 02", "new 04", "1 05", "new 06"]);
  });

  it("fail with the one that does", async () => {
    // biome-ignore lint/correctness/useYield: it fails before it says anything.
    async function* broken(): AsyncGenerator<Line[]> {
      throw new Error("lost");
    }
    await expect(told(merged([said(at("01"), 200), broken()]))).rejects.toThrow("lost");
  });

  it("remember nothing of what was told, however long one is quiet", async () => {
    const over = new AbortController();
    const quiet = silent(over.signal);
    const next = quiet.next.bind(quiet);
    const waits: MockInstance[] = [];
    quiet.next = () => {
      const pending = next();
      // A race with it for each batch would ask it as often, and it would remember each of them.
      waits.push(vi.spyOn(pending, "then"));
      return pending;
    };
    const batches = Array.from({ length: 500 }, () => at("01"));
    expect(await told(merged([said(...batches), quiet]), 500)).toHaveLength(500);
    expect(waits.map(({ mock }) => mock.calls.length)).toEqual([1]);
    over.abort();
  });

  it("are read no faster than they are taken", async () => {
    let read = 0;
    async function* endless() {
      for (;;) {
        read++;
        yield at("01");
      }
    }
    const lines = merged([endless()]).told();
    for (let taken = 0; taken < 5; taken++) await lines.next();
    await sleep(5);
    expect(read).toBeLessThan(8);
    await lines.return(undefined);
  });
});
