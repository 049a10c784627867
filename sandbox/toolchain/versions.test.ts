import { describe, expect, test } from "vitest";
import { atLeast, compatibleWith, minorWithin, parseVersion } from "./versions.ts";

describe("parseVersion", () => {
  test.each([
    ["v3.210.0", [3, 210, 0]],
    ["Kubernetes v1.34.4", [1, 34, 4]],
    ["go version go1.26.8 linux/amd64", [1, 26, 8]],
    ["Client Version: v1.32.4-dispatcher\nKustomize Version: v5.5.0", [1, 32, 4]],
    ["etcd 3.4", [3, 4, 0]],
  ])("reads %s", (text, version) => {
    expect(parseVersion(text)).toEqual(version);
  });

  test("knows no version where none is said", () => {
    expect(parseVersion("command not found")).toBeUndefined();
  });
});

test("versions are compared as numbers, not as text", () => {
  expect(atLeast([3, 210, 0], [3, 99, 9])).toBe(true);
  expect(atLeast([3, 99, 9], [3, 210, 0])).toBe(false);
  expect(atLeast([1, 26, 8], [1, 26, 8])).toBe(true);
});

test("a compatible version is newer within the same major version", () => {
  const fits = compatibleWith([3, 210, 0]);
  expect(fits([3, 210, 0])).toBe(true);
  expect(fits([3, 260, 1])).toBe(true);
  expect(fits([3, 209, 9])).toBe(false);
  expect(fits([4, 0, 0])).toBe(false);
});

test("a kubectl fits one minor version either side, and no further", () => {
  const fits = minorWithin([1, 34, 4], 1);
  expect([32, 33, 34, 35, 36].map((minor) => fits([1, minor, 0]))).toEqual([false, true, true, true, false]);
  expect(fits([2, 34, 0])).toBe(false);
});
