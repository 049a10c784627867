import { describe, expect, it } from "vitest";
import { createThrottle } from "./throttle.ts";

function withClock() {
  const clock = { ms: 1_000_000 };
  return { clock, throttle: createThrottle({ burst: 3, everySeconds: 6 }, () => clock.ms) };
}

describe("a throttle", () => {
  it("lets so many wrong tries come at once, then one at a time", () => {
    const { clock, throttle } = withClock();
    const waits = Array.from({ length: 4 }, () => {
      const wait = throttle.waitSeconds("ann");
      throttle.failed("ann");
      return wait;
    });
    expect(waits).toEqual([0, 0, 0, 6]);
    clock.ms += 12_000;
    expect(throttle.waitSeconds("ann")).toBe(0);
    throttle.failed("ann");
    expect(throttle.waitSeconds("ann")).toBe(6);
  });

  it("forgets what is long ago, and knows nobody by another's tries", () => {
    const { clock, throttle } = withClock();
    for (let count = 0; count < 10; count++) throttle.failed("ann");
    expect([throttle.waitSeconds("ann"), throttle.waitSeconds("bob")]).toEqual([48, 0]);
    clock.ms += 60_000;
    expect(throttle.waitSeconds("ann")).toBe(0);
  });

  it("keeps a bounded number of names, those that tried last", () => {
    const { throttle } = withClock();
    for (let count = 0; count < 3; count++) throttle.failed("ann");
    for (let count = 0; count < 9_999; count++) throttle.failed(`name ${count}`);
    expect(throttle.waitSeconds("ann")).toBe(6);
    throttle.failed("one more");
    expect(throttle.waitSeconds("ann")).toBe(0);
  });
});
