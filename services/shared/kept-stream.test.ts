import { describe, expect, it } from "vitest";
import { keepStream } from "./kept-stream.ts";
import { recordingLog } from "./testing/log.ts";

/** Each list is one stream; after it the stream ends, or stays silent until it is ended. */
function kept(streams: (number[] | "silent")[]) {
  const { log, lines } = recordingLog();
  const got: number[] = [];
  const stop = new AbortController();
  async function* open(signal: AbortSignal) {
    const messages = streams.shift();
    if (messages === undefined || messages === "silent") {
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    } else yield* messages;
  }
  const stream = { name: "the test's stream", open, onMessage: (one: number) => void got.push(one), log, silentMs: 50 };
  return { got, lines, running: keepStream(stream, stop.signal), stop: () => stop.abort() };
}
const soon = { timeout: 25_000, interval: 5 };

describe("a kept stream", () => {
  it("is opened again when it ends and when it falls silent, and both are told", async () => {
    const { got, lines, running, stop } = kept([[1, 2], "silent", [3]]);
    await expect.poll(() => got, soon).toEqual([1, 2, 3]);
    expect(lines.join("\n")).toContain("the region ended the test's stream");
    expect(lines.join("\n")).toContain("no word for 50 ms");
    stop();
    await running;
  });

  it("ends when it is told to, in the middle of a silence, without a word of loss", async () => {
    const { lines, running, stop } = kept([]);
    stop();
    await running;
    expect(lines.join("\n")).not.toContain("was lost");
  });
});
