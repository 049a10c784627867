import { describe, expect, it } from "vitest";
import { pace } from "./pace.ts";

const { signal } = new AbortController();

function paced() {
  let ms = 0;
  const waits: number[] = [];
  const sleep = async (wait: number) => void waits.push(wait);
  const turn = pace({ perMinute: 60, atOnce: 3, sleep, now: () => ms });
  const turns = async (count: number) => {
    for (let at = 0; at < count; at++) await turn(signal);
  };
  const quiet = (time: number) => {
    ms += time;
  };
  return { turns, waits, quiet };
}

describe("turns", () => {
  it("come at once for a few, and then one after the other", async () => {
    const { turns, waits } = paced();
    await turns(6);
    expect(waits).toEqual([1_000, 2_000, 3_000]);
  });

  it("come at once again after a quiet time, and never more of them", async () => {
    const { turns, waits, quiet } = paced();
    await turns(3);
    quiet(2_000);
    await turns(3);
    quiet(3_600_000);
    await turns(4);
    expect(waits).toEqual([1_000, 1_000]);
  });
});
