import { describe, expect, it } from "vitest";
import { startRounds } from "./rounds.ts";

describe("rounds", () => {
  it("follow each other at once while they do something, and a close waits for the last", async () => {
    let count = 0;
    let reached: () => void = () => {};
    const many = new Promise<void>((resolve) => {
      reached = resolve;
    });
    let ended = false;
    const rounds = startRounds(
      async () => {
        count += 1;
        if (count < 50) return 1;
        reached();
        await new Promise((resolve) => setTimeout(resolve, 20));
        ended = true;
        return 0;
      },
      (error) => {
        throw error;
      },
    );
    await many;
    await rounds.close();
    expect([count, ended]).toEqual([50, true]);
  });

  it("go on after one that failed, and tell of it", async () => {
    const told: unknown[] = [];
    const failure = new Error("lost");
    let again: () => void = () => {};
    const second = new Promise<void>((resolve) => {
      again = resolve;
    });
    const rounds = startRounds(
      async () => {
        if (told.length === 0) throw failure;
        again();
        return 0;
      },
      (error) => told.push(error),
    );
    await second;
    await rounds.close();
    expect(told).toEqual([failure]);
  });
});
