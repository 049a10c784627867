import { describe, expect, it } from "vitest";
import { liesWithin } from "./cidr.ts";

describe("liesWithin", () => {
  it.each([
    ["10.40.1.0/24", ["10.40.0.0/16"]],
    ["10.40.0.0/16", ["10.40.0.0/16"]],
    ["10.0.0.1/32", ["192.168.0.0/16", "10.0.0.0/8"]],
    ["fd00:1::/64", ["fd00:1::/56"]],
  ])("says yes for %s in %j", (inner, outer) => {
    expect(liesWithin(inner, outer)).toBe(true);
  });

  it.each([
    ["0.0.0.0/0", ["10.40.0.0/16"]],
    ["10.40.0.0/15", ["10.40.0.0/16"]],
    ["10.41.0.0/24", ["10.40.0.0/16"]],
    ["::/0", ["10.40.0.0/16"]],
    ["10.40.0.0/16", ["::/0"]],
    ["pl-0123", ["0.0.0.0/0"]],
    ["10.40.0.0/33", ["0.0.0.0/0"]],
    ["10.40.0.0/16", []],
  ])("says no for %s in %j", (inner, outer) => {
    expect(liesWithin(inner, outer)).toBe(false);
  });
});
