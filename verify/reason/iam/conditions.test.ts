import { describe, expect, it } from "vitest";
import { conditionsHold } from "./conditions.ts";
import { type Context, patternMatches } from "./glob.ts";

/** As policies write it; built here, since a template string would take it for its own. */
const variable = (body: string) => `\u0024{${body}}`;

describe("conditions", () => {
  const holds = (operator: string, wanted: string[], actual: readonly string[] | null | undefined, key = "k") =>
    conditionsHold({ [operator]: { [key]: wanted } }, actual === undefined ? {} : { [key]: actual }).holds;

  it.each<[string, string[], readonly string[] | null, "yes" | "no" | "maybe"]>([
    ["StringEquals", ["a", "b"], ["b"], "yes"],
    ["StringEquals", ["a*"], ["ab"], "no"],
    ["StringEquals", ["a*"], ["a*"], "yes"],
    ["StringEquals", ["a"], null, "no"],
    ["StringNotEquals", ["a", "b"], ["b"], "no"],
    ["StringNotEquals", ["a"], null, "yes"],
    ["StringEqualsIgnoreCase", ["A"], ["a"], "yes"],
    ["StringLike", ["a?c*"], ["abcd"], "yes"],
    ["StringNotLike", ["a*"], ["abc"], "no"],
    ["StringEqualsIfExists", ["a"], null, "yes"],
    ["StringEqualsIfExists", ["a"], ["b"], "no"],
    ["ArnLike", ["arn:aws:iam::*:role/x*"], ["arn:aws:iam::1:role/xy"], "yes"],
    ["ArnLike", ["arn:aws:*:role/x"], ["arn:aws:iam::1:role/x"], "no"],
    ["ArnNotEquals", ["arn:aws:iam::1:role/x"], ["arn:aws:iam::1:role/y"], "yes"],
    ["Bool", ["true"], ["True"], "yes"],
    ["Bool", ["true"], null, "no"],
    ["Null", ["true"], null, "yes"],
    ["Null", ["false"], null, "no"],
    ["Null", ["false"], ["x"], "yes"],
    ["NumericLessThan", ["10"], ["9"], "yes"],
    ["NumericLessThanEquals", ["10"], ["10"], "yes"],
    ["NumericGreaterThan", ["10"], ["9"], "no"],
    ["NumericEquals", ["10"], ["ten"], "maybe"],
    ["DateLessThan", ["2026-01-01T00:00:00Z"], ["2025-12-31T00:00:00Z"], "yes"],
    ["ForAnyValue:StringEquals", ["a"], ["a", "b"], "yes"],
    ["ForAnyValue:StringEquals", ["a"], null, "no"],
    ["ForAllValues:StringEquals", ["a"], ["a", "b"], "no"],
    ["ForAllValues:StringEquals", ["a"], null, "yes"],
    ["ForAllValues:StringNotEquals", ["a"], ["b", "c"], "yes"],
    ["ForAnyValue:StringEqualsIfExists", ["a"], null, "maybe"],
    ["IpAddress", ["10.0.0.0/8"], ["10.1.1.1"], "maybe"],
  ])("%s %j of %j: %s", (operator, wanted, actual, expected) => {
    expect(holds(operator, wanted, actual)).toBe(expected);
  });

  it("a key that is not known is undecided under every operator", () => {
    for (const operator of [
      "StringEquals",
      "StringNotEquals",
      "Null",
      "Bool",
      "ForAllValues:StringLike",
      "StringLikeIfExists",
    ]) {
      expect(holds(operator, ["true"], undefined), operator).toBe("maybe");
    }
  });

  it("all operators and all keys must hold", () => {
    const both = { StringEquals: { a: ["1"], b: ["2"] }, Bool: { c: ["true"] } };
    expect(conditionsHold(both, { a: ["1"], b: ["2"], c: ["true"] }).holds).toBe("yes");
    expect(conditionsHold(both, { a: ["1"], b: ["2"], c: ["false"] }).holds).toBe("no");
    expect(conditionsHold(both, { a: ["1"], b: ["0"] }).holds).toBe("no");
  });
});

describe("variables", () => {
  it.each<[string, Context, "yes" | "no" | "maybe"]>([
    [`home/${variable("aws:username")}/*`, { "aws:username": ["ann"] }, "yes"],
    [`home/${variable("aws:username")}/*`, { "aws:username": ["bob"] }, "no"],
    [`home/${variable("aws:username")}/*`, { "aws:username": null }, "no"],
    [`home/${variable("aws:username")}/*`, {}, "maybe"],
    [`home/${variable("aws:username, 'ann'")}/*`, { "aws:username": null }, "yes"],
    [`home/${variable("aws:username")}/*`, { "aws:username": ["*"] }, "no"],
    [`home/ann${variable("*")}`, {}, "no"],
  ])("%s with %j: %s", (pattern, context, expected) => {
    expect(patternMatches(pattern, "home/ann/x", context)).toBe(expected);
  });
});
