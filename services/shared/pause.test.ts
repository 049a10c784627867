import { describe, expect, it } from "vitest";
import { pause, unlessAborted } from "./pause.ts";

const abortError = () => new DOMException("stopped", "AbortError");

describe("a pause", () => {
  it("lasts as long as it was asked to", async () => {
    const began = performance.now();
    await pause(30, new AbortController().signal);
    expect(performance.now() - began).toBeGreaterThan(25);
  });

  it("is over without an error when the signal aborts, before it or in the midst of it", async () => {
    const stop = new AbortController();
    const pausing = pause(60_000, stop.signal);
    stop.abort();
    await pausing;
    await pause(60_000, stop.signal);
  });
});

describe("work that a stop may cut off", () => {
  it("does not fail by the stop", async () => {
    await unlessAborted(Promise.reject(abortError()), AbortSignal.abort());
  });

  it("fails by any other error, also after the stop", async () => {
    const lost = new Error("the database is gone");
    await expect(unlessAborted(Promise.reject(lost), AbortSignal.abort())).rejects.toBe(lost);
  });

  it("fails by an abort that nobody told it of", async () => {
    const work = unlessAborted(Promise.reject(abortError()), new AbortController().signal);
    await expect(work).rejects.toThrow("stopped");
  });
});
