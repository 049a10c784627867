import { beforeEach, describe, expect, it } from "vitest";
import { believing } from "./believed.ts";

let now: number;
let asked: string[];
let expiresAt: number;
let believed: (text: string) => Promise<string>;

beforeEach(() => {
  now = 1_000_000;
  asked = [];
  expiresAt = 2_000;
  believed = believing(
    async (text) => {
      asked.push(text);
      if (text.startsWith("bad")) throw new Error("not good");
      return { value: `of ${text}`, expiresAt };
    },
    () => now,
  );
});

describe("what was verified", () => {
  it("is believed for ten seconds, each text by itself", async () => {
    for (const text of ["a", "b", "a", "b"]) expect(await believed(text)).toBe(`of ${text}`);
    now += 9_999;
    await believed("a");
    expect(asked).toEqual(["a", "b"]);
    now += 1;
    await believed("a");
    expect(asked).toEqual(["a", "b", "a"]);
  });

  it("is not believed beyond its own end", async () => {
    expiresAt = 1_005;
    await believed("a");
    now += 4_999;
    await believed("a");
    expect(asked).toEqual(["a"]);
    now += 1;
    await believed("a");
    expect(asked).toEqual(["a", "a"]);
  });

  it("is never what was refused", async () => {
    for (let tries = 0; tries < 2; tries++) await expect(believed("bad")).rejects.toThrow("not good");
    expect(asked).toEqual(["bad", "bad"]);
  });

  it("is forgotten before it fills the memory", async () => {
    for (let text = 0; text <= 10_000; text++) await believed(String(text));
    await believed("10000");
    expect(asked).toHaveLength(10_001);
    await believed("0");
    expect(asked).toHaveLength(10_002);
  });
});
