import { setTimeout as sleep } from "node:timers/promises";
import type { V1Pod } from "@kubernetes/client-node";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recordingLog } from "../../shared/testing/log.ts";
import { withKeepAlive } from "./keep-alive.ts";
import { LineReader, timestampParts } from "./log-lines.ts";
import { type PodLogs, tail } from "./tail.ts";

const time = (milliseconds: number) => new Date(Date.parse("2026-11-22T17:00:00Z") + milliseconds).toISOString();

function pod(state: object): V1Pod {
  const status = { name: "main", state, image: "", imageID: "", ready: false, restartCount: 0 };
  return { status: { phase: "Running", containerStatuses: [status] } };
}
const waiting = pod({ waiting: {} });
const running = pod({ running: {} });
const ended = pod({ terminated: { exitCode: 0 } });

/** A node that keeps `lines` and cuts its connections where told, in bytes; the last one is not cut. */
function node(lines: string[], cuts: number[], states: (V1Pod | undefined)[] = []) {
  const since: (string | undefined)[] = [];
  let reads = 0;
  const logs: PodLogs = {
    readPod: async () => (reads < states.length ? states[reads++] : ended),
    async *follow(_place, _container, from) {
      since.push(from);
      const sent = lines.filter((line) => !from || line.slice(0, 19) >= from.slice(0, 19));
      const bytes = Buffer.from(sent.map((line) => `${line}\n`).join(""));
      const cut = cuts[since.length - 1];
      // In pieces that do not end where lines end.
      for (let at = 0; at < Math.min(bytes.length, cut ?? bytes.length); at += 37) {
        yield bytes.subarray(at, Math.min(at + 37, cut ?? bytes.length));
      }
      if (cut !== undefined) throw new Error("connection lost");
    },
    async *before() {},
  };
  return { logs, since };
}

async function told(logs: PodLogs, first = running): Promise<string[]> {
  const options = { logs, place: { namespace: "ns", pod: "p" }, containerOf: () => "main", log: recordingLog().log };
  const all: string[] = [];
  for await (const lines of tail(first, {
    ...options,
    signal: new AbortController().signal,
    pause: async () => undefined,
  })) {
    all.push(...lines.map(({ timestamp, message }) => `${timestamp} ${message}`));
  }
  return all;
}

describe("tail", () => {
  it("tells every line once and in order, wherever and however often the connection is cut", async () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(gaps, fc.array(fc.nat(1_500), { maxLength: 6 }), async (waits, cuts) => {
        let at = 0;
        const lines = waits.map((wait, number) => {
          at += wait;
          return `${time(at)} line ${number} é`;
        });
        expect(
          await told(
            node(
              lines,
              cuts,
              cuts.map(() => running),
            ).logs,
          ),
        ).toEqual(lines);
      }),
      { numRuns: 300 },
    );
  });

  it("does not tell a line twice that was said twice in the same nanosecond, nor once too seldom", async () => {
    const lines = [`${time(0)} a`, `${time(0)} a`, `${time(0)} a`];
    expect(await told(node(lines, [60], [running]).logs)).toEqual(lines);
  });

  it("waits for the container, and takes a stream up again that ends before the container does", async () => {
    const { logs, since } = node([`${time(0)} a`, `${time(1_500)} b`], [], [waiting, running, running, running, ended]);
    expect(await told(logs, waiting)).toEqual([`${time(0)} a`, `${time(1_500)} b`]);
    expect(since).toEqual([undefined, "2026-11-22T17:00:01Z"]);
  });

  it.each([
    ["was deleted", undefined],
    ["ended before its container began", { status: { phase: "Failed" } }],
  ])("ends for a pod that %s", async (_, state) => {
    expect(await told(node(["never"], [], [state]).logs, waiting)).toEqual([]);
  });

  it("tells the last line even if it has no end", async () => {
    const logs: PodLogs = {
      readPod: async () => ended,
      async *follow() {
        yield Buffer.from(`${time(0)} no newline`);
      },
      async *before() {},
    };
    expect(await told(logs)).toEqual([`${time(0)} no newline`]);
  });

  it("reads no faster than its lines are taken", async () => {
    let read = 0;
    const logs: PodLogs = {
      readPod: async () => ended,
      async *follow() {
        for (; read < 1_000; read++) yield Buffer.from(`${time(read)} line\n`);
      },
      async *before() {},
    };
    const options = { logs, place: { namespace: "ns", pod: "p" }, containerOf: () => "main", log: recordingLog().log };
    const lines = tail(running, { ...options, signal: new AbortController().signal, pause: async () => undefined });
    for (let taken = 0; taken < 5; taken++) await lines.next();
    await sleep(5);
    expect(read).toBeLessThan(7);
  });
});

describe("LineReader", () => {
  it("tells a line of any length in pieces that fit into memory", () => {
    const reader = new LineReader();
    const lines = reader.read(Buffer.from(`${time(0)} ${"x".repeat(600_000)}\n${time(1)} next\n`));
    expect(lines.map(({ message }) => (message.length > 10 ? "piece" : message))).toEqual([
      "piece",
      "piece",
      "piece",
      "next",
    ]);
    expect(lines.slice(0, 3).reduce((sum, { message }) => sum + message.length, 0)).toBe(600_000);
    expect(new Set(lines.slice(0, 3).map(({ timestamp }) => timestamp))).toEqual(new Set([time(0)]));
  });
});

describe("timestampParts", () => {
  it.each([
    ["1970-01-01T00:00:01.000000002Z", 1n, 2],
    ["1970-01-01T00:00:01.5Z", 1n, 500_000_000],
    ["1970-01-01T01:00:00+01:00", 0n, 0],
    ["", 0n, 0],
  ])("reads %s to the nanosecond", (text, seconds, nanos) => expect(timestampParts(text)).toEqual({ seconds, nanos }));
});

describe("withKeepAlive", () => {
  const late: unknown[] = [];
  const options = { everyMs: 20, filler: () => "-", onLateError: (error: unknown) => late.push(error) };

  it("fills silences and loses nothing", async () => {
    async function* source() {
      yield "a";
      await sleep(55);
      yield "b";
    }
    const seen: string[] = [];
    for await (const item of withKeepAlive(source(), options)) seen.push(item);
    expect(seen.join("")).toMatch(/^a-+b$/);
  });

  it("ends its source when the taker leaves", async () => {
    let closed = false;
    async function* source() {
      try {
        for (;;) yield "a";
      } finally {
        closed = true;
      }
    }
    for await (const _ of withKeepAlive(source(), options)) break;
    await expect.poll(() => closed).toBe(true);
    expect(late).toEqual([]);
  });

  it("hands on what goes wrong when it ends its source", async () => {
    const wrong = new Error("the stream cannot be closed");
    async function* source() {
      try {
        for (;;) yield "a";
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: as a source does whose clean-up fails.
        throw wrong;
      }
    }
    for await (const _ of withKeepAlive(source(), options)) break;
    await expect.poll(() => late).toEqual([wrong]);
  });
});
