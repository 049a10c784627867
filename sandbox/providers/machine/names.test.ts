import fc from "fast-check";
import { expect, test } from "vitest";
import { autoName, isAutoName } from "./names.ts";

const seed = new Uint8Array([1, 2, 3]);

test("a name is the logical one and seven digits, the same for the same seed", () => {
  expect(autoName("bucket", seed)).toMatch(/^bucket-[0-9a-f]{7}$/);
  expect(autoName("bucket", seed)).toBe(autoName("bucket", seed));
  expect(autoName("bucket", new Uint8Array([4]))).not.toBe(autoName("bucket", seed));
});

test("no name passes its limit, and every one is known again", () => {
  const logical = fc.stringMatching(/^[a-z][a-z0-9-]{0,80}$/);
  fc.assert(
    fc.property(logical, fc.integer({ min: 9, max: 64 }), (name, max) => {
      const made = autoName(name, seed, { max });
      expect(made.length).toBeLessThanOrEqual(max);
      expect(isAutoName(name, made)).toBe(true);
    }),
  );
});

test("a name that a person chose is not taken for one of ours", () => {
  expect(isAutoName("bucket", "bucket-of-gold")).toBe(false);
  expect(isAutoName("bucket", "other-1234567")).toBe(false);
});
