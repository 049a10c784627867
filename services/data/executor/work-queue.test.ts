import { afterEach, describe, expect, it, vi } from "vitest";
import { WorkQueue } from "./work-queue.ts";

afterEach(() => void vi.useRealTimers());

/** Work that ends when told to. */
function held() {
  const seen: string[] = [];
  const release: (() => void)[] = [];
  const work = (key: string) => {
    seen.push(key);
    return new Promise<undefined>((resolve) => release.push(() => resolve(undefined)));
  };
  return { seen, release, work };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("WorkQueue", () => {
  it("never works on one key twice at once, and comes back to a key that was added meanwhile, once", async () => {
    const { seen, release, work } = held();
    const queue = new WorkQueue({ work, onError: () => undefined });
    queue.add("a");
    queue.add("a");
    queue.add("a");
    queue.add("b");
    expect(seen).toEqual(["a", "b"]);
    release[0]?.();
    await settle();
    expect(seen).toEqual(["a", "b", "a"]);
    release[2]?.();
    await settle();
    expect(seen).toEqual(["a", "b", "a"]);
  });

  it("works on as many keys at once as it has workers", async () => {
    const { seen, release, work } = held();
    const queue = new WorkQueue({ work, onError: () => undefined, workers: 2 });
    for (const key of ["a", "b", "c"]) queue.add(key);
    expect(seen).toEqual(["a", "b"]);
    release[0]?.();
    await settle();
    expect(seen).toEqual(["a", "b", "c"]);
  });

  it("comes back to failed work later and later, and forgets the failures after success", async () => {
    vi.useFakeTimers();
    const delays: number[] = [];
    let failing = true;
    const work = () => (failing ? Promise.reject(new Error("no")) : Promise.resolve(undefined));
    const queue = new WorkQueue({ work, onError: (_key, _error, ms) => delays.push(ms), lastRetryMs: 300 });
    queue.add("a");
    await vi.advanceTimersByTimeAsync(650);
    expect(delays).toEqual([100, 200, 300, 300]);
    failing = false;
    await vi.advanceTimersByTimeAsync(400);
    failing = true;
    queue.add("a");
    await vi.advanceTimersByTimeAsync(0);
    expect(delays.at(-1)).toBe(100);
  });

  it("looks again after the time that the work asked for, the earliest if several did", async () => {
    vi.useFakeTimers();
    let looks = 0;
    const queue = new WorkQueue({ work: async () => (++looks === 1 ? 500 : undefined), onError: () => undefined });
    queue.add("a");
    await vi.advanceTimersByTimeAsync(0);
    queue.addAfter("a", 5_000);
    await vi.advanceTimersByTimeAsync(499);
    expect(looks).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(looks).toBe(2);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(looks).toBe(2);
  });

  it("stops by finishing what it has begun and taking nothing new", async () => {
    const { seen, release, work } = held();
    const queue = new WorkQueue({ work, onError: () => undefined, workers: 1 });
    queue.add("a");
    queue.add("b");
    const stopped = queue.stop();
    queue.add("c");
    release[0]?.();
    await stopped;
    expect(seen).toEqual(["a"]);
  });
});
