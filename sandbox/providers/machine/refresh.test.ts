import { expect, test } from "vitest";
import { appearedInputs, refreshedInputs } from "./refresh.ts";
import { Secret } from "./values.ts";

test("a value that the service writes in its own way is no change", () => {
  const inputs = { cpu: "1000m", policy: '{"a": 1}' };
  const stored = { cpu: "1", policy: '{"a":1}' };
  expect(refreshedInputs(inputs, stored, stored)).toEqual(inputs);
});

test("a value that moved since is taken as it is now, a secret stays one", () => {
  const inputs = { size: 1, deep: { list: ["a", "b"] }, password: new Secret("old") };
  const before = { size: 1, deep: { list: ["a", "b"] }, password: new Secret("old") };
  const live = { size: 2, deep: { list: ["a", "c"] }, password: "new" };
  expect(refreshedInputs(inputs, before, live)).toEqual({
    size: 2,
    deep: { list: ["a", "c"] },
    password: new Secret("new"),
  });
});

test("what was removed behind our back is no longer an input", () => {
  expect(refreshedInputs({ tags: { a: "1", b: "2" } }, { tags: { a: "1", b: "2" } }, { tags: { a: "1" } })).toEqual({
    tags: { a: "1" },
  });
});

test("names in another order are no change", () => {
  const before = { subnetIds: ["a", "b"] };
  expect(refreshedInputs(before, before, { subnetIds: ["b", "a"] })).toEqual(before);
});

test("a tag added by hand is seen where the maps are ours, and left alone where they are shared", () => {
  const inputs = { tags: { a: "1" } };
  const before = { tags: { a: "1", default: "x" } };
  const live = { tags: { a: "1", default: "x", hand: "made" } };
  expect(refreshedInputs(inputs, before, live, true)).toEqual({ tags: { a: "1", hand: "made" } });
  expect(refreshedInputs(inputs, before, live)).toEqual(inputs);
});

test("an input that the program leaves to the service appears only when it changes", () => {
  expect(appearedInputs({ name: "n" }, { rotation: false }, { name: "n", rotation: false })).toEqual({});
  expect(appearedInputs({ name: "n" }, { rotation: false }, { name: "n", rotation: true })).toEqual({ rotation: true });
});
