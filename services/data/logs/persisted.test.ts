import { describe, expect, it } from "vitest";
import { ResumePoint } from "../../shared/resume-point.ts";
import type { StoredStream } from "./log-store.ts";
import { type PersistedOptions, persisted, settleMs, shipped } from "./persisted.ts";
import { type MemoryStore, memoryStore } from "./testing/memory-store.ts";

const place = { namespace: "ns", pod: "p" };
const stream = "ns_p_u/main/0.log";
const start = Date.parse("2026-11-22T17:00:00Z");
const time = (milliseconds: number) => new Date(start + milliseconds).toISOString();
const line = (milliseconds: number, text: string) => `${time(milliseconds)} stdout F ${text}`;

/** A clock that goes on only while the reader waits. */
function clock() {
  let ms = start;
  return {
    now: () => ms,
    async pause(wait: number) {
      ms += wait;
    },
  };
}

async function told(store: MemoryStore, more: Partial<PersistedOptions> = {}): Promise<string[]> {
  const { now, pause } = clock();
  const signal = new AbortController().signal;
  const options = { store, resume: new ResumePoint(), signal, pause, now, ...more };
  const all: string[] = [];
  for await (const lines of persisted(await store.streams(place, signal), options))
    all.push(...lines.map(({ message }) => message));
  return all;
}

describe("a persisted log", () => {
  it("is told whole, every container's beginning after the other, without waiting for what was shipped long ago", async () => {
    const store = memoryStore();
    store.ship(
      "ns_p_u/main/0.log",
      Array.from({ length: 10 }, (_, number) => line(number, `${number}`)),
    );
    store.ship("ns_p_u/main/1.log", [line(500, "again")]);
    let waits = 0;
    const pause = async () => void waits++;
    expect(await told(store, { pause })).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "again"]);
    expect(waits).toBe(0);
  });

  it("begins at the second that is asked for, also where a long line of the second before reaches into it", async () => {
    const store = memoryStore();
    store.ship(stream, [line(0, "a"), `${time(990)} stdout P half`, line(1_010, " and half"), line(1_020, "b")]);
    expect(await told(store, { resume: new ResumePoint(time(1_500)) })).toEqual(["b"]);
    expect(await told(store)).toEqual(["a", "half and half", "b"]);
  });

  it("is followed until nothing has come for a while, counted from what the store took last", async () => {
    const store = memoryStore();
    const { now, pause } = clock();
    store.ship(stream, [line(0, "first")], start);
    const waits = async (wait: number) => {
      await pause(wait);
      // The shipper is behind: a second line comes late, and the waiting begins anew.
      if (now() === start + settleMs - 1_000) store.ship(stream, [line(9, "late")], now());
    };
    expect(await told(store, { now, pause: waits })).toEqual(["first", "late"]);
    expect(now()).toBe(start + 2 * settleMs - 1_000);
  });

  it("is read no faster than it is taken, one page at a time", async () => {
    const store = memoryStore();
    store.ship(
      stream,
      Array.from({ length: 3_000 }, (_, number) => line(number, `${number}`)),
    );
    const { now, pause } = clock();
    const signal = new AbortController().signal;
    const lines = persisted(await store.streams(place, signal), {
      ...{ store, resume: new ResumePoint(), signal, pause, now },
    });
    for (let taken = 0; taken < 5; taken++) await lines.next();
    await new Promise((turn) => setImmediate(turn));
    expect(store.asked.pages).toBe(5);
    await lines.return(undefined);
    expect(store.asked.pages).toBe(5);
  });

  it("ends when its reader leaves", async () => {
    const store = memoryStore();
    store.ship(stream, [line(0, "a")], start);
    const abort = new AbortController();
    const { now } = clock();
    const pause = async () => abort.abort();
    expect(await told(store, { now, pause, signal: abort.signal })).toEqual(["a"]);
  });
});

describe("streams of a container that was live a moment ago", () => {
  it("are waited for, and given up when the shipper has had its time", async () => {
    const of = (name: string) => (streams: readonly StoredStream[]) =>
      streams.filter(({ container }) => container === name);
    const store = memoryStore();
    const { now, pause } = clock();
    const signal = new AbortController().signal;
    const options = { store, signal, now, lastLiveAt: start };
    const late = async (wait: number) => {
      await pause(wait);
      if (now() === start + 3_000) store.ship(stream, [line(0, "a")], now());
    };
    expect((await shipped(place, of("main"), { ...options, pause: late })).map(({ name }) => name)).toEqual([stream]);
    expect(now()).toBe(start + 3_000);
    expect(await shipped(place, of("other"), { ...options, pause })).toEqual([]);
    expect(now()).toBe(start + settleMs);
  });
});
