import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Line } from "./log-lines.ts";
import { merged } from "./merged.ts";

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

async function told(sources: AsyncGenerator<Line[]>[], most = Number.POSITIVE_INFINITY) {
  const all: string[] = [];
  for await (const { source, lines } of merged(sources, 20)) {
    all.push(...lines.map(({ message }) => `${source} ${message}`));
    if (all.length >= most) break;
  }
  return all;
}

describe("several logs as one", () => {
  it("come in order of time, whichever speaks first, and however many digits a time has", async () => {
    const first = said(at("01", "03.5"), at("03.51", "09"), 500);
    const second = said(5, at("00.25", "03.505"), at("04"), 500);
    expect(await told([first, second], 7)).toEqual([
      ...["1 00.25", "0 01", "0 03.5", "1 03.505", "0 03.51", "1 04", "0 09"],
    ]);
  });

  it("do not wait for one that is quiet, and wait for it once only", async () => {
    const over = new AbortController();
    const began = performance.now();
    const many = Array.from({ length: 20 }, (_, second) => at(String(second).padStart(2, "0")));
    expect(await told([said(...many), silent(over.signal)])).toHaveLength(20);
    expect(performance.now() - began).toBeLessThan(20 * 20);
    over.abort();
  });

  it("end with the first that does, once what is held was told", async () => {
    const over = new AbortController();
    expect(await told([said(at("01")), said(at("02"), 500), silent(over.signal)])).toEqual(["0 01", "1 02"]);
    over.abort();
  });

  it("fail with the one that does", async () => {
    // biome-ignore lint/correctness/useYield: it fails before it says anything.
    async function* broken(): AsyncGenerator<Line[]> {
      throw new Error("lost");
    }
    await expect(told([said(at("01"), 200), broken()])).rejects.toThrow("lost");
  });
});
