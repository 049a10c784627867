import { expect, it } from "vitest";
import { renewed } from "./renewed.ts";

function world() {
  let time = 0;
  let asked = 0;
  const keep = renewed<number>({ keptMs: 1_000, maxKept: 2, now: () => time });
  let wrong: Error | undefined;
  const ask = async () => {
    asked += 1;
    if (wrong) throw wrong;
    return asked;
  };
  return {
    at: async (moment: number, subject = "one") => {
      time = moment;
      const answer = await keep(subject, ask).catch((error: unknown) => String(error));
      // What was begun behind the caller comes to its end.
      await new Promise(setImmediate);
      return answer;
    },
    asked: () => asked,
    fail: (error?: Error) => {
      wrong = error;
    },
  };
}

it("believes an answer for its time, and has it renewed before that is over, behind whoever asks", async () => {
  const { at, asked } = world();
  expect([await at(0), await at(500), asked()]).toEqual([1, 1, 1]);
  expect([await at(700), asked()]).toEqual([1, 2]);
  expect([await at(1_100), asked()]).toEqual([2, 2]);
});

it("tells nobody an answer that is older than its time, even where none came between", async () => {
  const { at } = world();
  expect([await at(0), await at(1_000), await at(1_001)]).toEqual([1, 2, 2]);
});

it("counts a renewed answer's time from when it was asked for", async () => {
  const { at } = world();
  await at(0);
  await at(900);
  // Asked for at 900.
  expect([await at(1_400), await at(1_900)]).toEqual([2, 3]);
});

it("forgets what cannot be renewed, so that whoever comes next is told", async () => {
  const { at, fail } = world();
  await at(0);
  fail(new Error("revoked"));
  expect(await at(800)).toBe(1);
  expect(await at(801)).toBe("Error: revoked");
  fail();
  expect(await at(802)).toBe(4);
});

it("asks once for all who come while it asks", async () => {
  let asked = 0;
  const keep = renewed<number>({ keptMs: 1_000 });
  const ask = async () => ++asked;
  expect(await Promise.all([keep("one", ask), keep("one", ask), keep("two", ask)])).toEqual([1, 1, 2]);
});

it("holds so many subjects and no more", async () => {
  const { at } = world();
  expect([await at(0, "one"), await at(0, "two"), await at(0, "three"), await at(0, "one")]).toEqual([1, 2, 3, 4]);
});
