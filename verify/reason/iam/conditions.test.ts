import { describe, expect, it } from "vitest";
import { conditionsHold } from "./conditions.ts";
import { type Context, globsMeet, others, patternMatches } from "./glob.ts";

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
    ["ForAnyValue:StringNotEquals", ["a"], ["a", "b"], "yes"],
    ["ForAnyValue:StringNotEquals", ["a"], ["a"], "no"],
    ["ForAllValues:StringLike", ["a*", "b"], ["ax", "b"], "yes"],
    ["IpAddress", ["10.0.0.0/8"], ["10.1.1.1"], "yes"],
    ["IpAddress", ["192.168.0.1", "10.0.0.0/8"], ["192.168.0.1"], "yes"],
    ["IpAddress", ["10.0.0.0/8"], ["11.0.0.1"], "no"],
    ["IpAddress", ["2001:db8::/32"], ["2001:db8::5"], "yes"],
    ["IpAddress", ["10.0.0.0/8"], null, "no"],
    ["NotIpAddress", ["10.0.0.0/8"], ["10.1.1.1"], "no"],
    ["NotIpAddress", ["10.0.0.0/8"], null, "yes"],
    ["IpAddress", ["ten"], ["10.1.1.1"], "maybe"],
    ["BinaryEquals", ["aGk="], ["aGk="], "yes"],
    ["BinaryEquals", ["aGk="], ["aGs="], "no"],
    ["NumericNotEquals", ["10"], ["10.0"], "no"],
    ["NumericGreaterThanEquals", ["-1.5"], ["-1"], "yes"],
    ["NumericEquals", ["0"], [""], "maybe"],
    ["DateEquals", ["1767225600"], ["2026-01-01T00:00:00Z"], "yes"],
    ["DateGreaterThan", ["2026-01-01"], ["2026-01-01T00:00:01"], "yes"],
    ["DateLessThan", ["2026-01-01T00:00:00+02:00"], ["2025-12-31T21:59:59Z"], "yes"],
    ["DateLessThan", ["January 2026"], ["2025-12-31"], "maybe"],
    ["DateGreaterThan", ["2026"], ["2025-12-31"], "maybe"],
    ["ArnEquals", ["arn:aws:iam::1:role/x*"], ["arn:aws:iam::1:role/xy"], "yes"],
    ["ArnLike", ["arn:aws:s3:::b/*"], ["arn:aws:s3:::b/x:y"], "yes"],
    ["BoolIfExists", ["true"], null, "yes"],
    ["StringNotLikeIfExists", ["a*"], ["ab"], "no"],
    ["NoSuchOperator", ["a"], ["a"], "maybe"],
    ["ForAllValues:StringEquals", ["a"], [""], "yes"],
    ["ForAllValues:StringEquals", ["a"], ["", "b"], "no"],
    ["ForAnyValue:StringLike", ["*"], [""], "no"],
    ["ForAnyValue:StringNotEquals", ["a"], [""], "no"],
    ["StringEquals", [""], [""], "yes"],
    ["Null", ["false"], [""], "maybe"],
    ["Null", ["yes"], ["x"], "maybe"],
    ["NullIfExists", ["true"], ["x"], "maybe"],
    ["ForAllValues:Null", ["true"], null, "maybe"],
    ["ArnLike", ["arn:aws:iam::1"], ["arn:aws:iam::1:role/x"], "maybe"],
    ["ArnLike", ["arn:aws:iam::2"], ["arn:aws:iam::1:role/x"], "no"],
    ["ArnLike", ["*"], ["arn:aws:iam::1:role/x"], "yes"],
    ["ArnLike", ["*"], ["no ARN"], "yes"],
    ["ArnLike", ["arn:aws:iam::1:*"], ["no ARN"], "no"],
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
    [`home/${variable("aws:username")}/*`, { "aws:username": ["ann", "bob"] }, "no"],
    [`home/${variable("AWS:UserName")}/${variable("k")}`, { "aws:username": ["ann"], k: ["x"] }, "yes"],
    [`home/${variable("aws:username")}/*`, { [others]: null }, "no"],
  ])("%s with %j: %s", (pattern, context, expected) => {
    expect(patternMatches(pattern, "home/ann/x", context)).toBe(expected);
  });

  it("are text in a policy of 2008", () => {
    const pattern = `home/${variable("aws:username")}`;
    const context = { "aws:username": ["ann"] };
    expect(patternMatches(pattern, "home/ann", context, { variables: false })).toBe("no");
    expect(patternMatches(pattern, pattern, context, { variables: false })).toBe("yes");
  });

  it("stand for signs that would be wildcards", () => {
    expect(patternMatches(`a${variable("*")}b${variable("?")}${variable("$")}`, "a*b?$", {})).toBe("yes");
    expect(patternMatches(`a${variable("*")}`, "ab", {})).toBe("no");
    expect(conditionsHold({ StringEquals: { k: [`a${variable("*")}`] } }, { k: ["a*"] }).holds).toBe("yes");
  });

  it("are filled in before an ARN is taken apart, and before case is put aside", () => {
    const role = `arn:aws:iam::${variable("aws:PrincipalAccount")}:role/*`;
    const context = { "aws:principalaccount": ["1"], k: ["arn:aws:iam::1:role/x"], who: ["ANN"], name: ["Ann"] };
    expect(conditionsHold({ ArnLike: { k: [role] } }, context).holds).toBe("yes");
    expect(conditionsHold({ StringEqualsIgnoreCase: { who: [variable("name")] } }, context).holds).toBe("yes");
  });

  it("of an unknown value are told apart from what is not understood", () => {
    const conditions = { StringEquals: { k: [variable("x")], y: ["1"] }, Odd: { k: ["a"] } };
    expect(conditionsHold(conditions, { k: ["a"] })).toEqual({
      holds: "maybe",
      undecided: ["StringEquals k", "StringEquals y", "Odd k"],
      notUnderstood: ["Odd k"],
    });
  });
});

describe("globsMeet", () => {
  it.each([
    ["a*", "*b", true],
    ["a*", "b*", false],
    ["a?c", "abd", false],
    ["a?c", "a*", true],
    ["*", "", true],
    ["?", "", false],
    ["a*c", "ab*", true],
    ["a*b*c", "a*c*b", false],
    ["**", "x?", true],
  ])("%s and %s: %s", (one, other, expected) => {
    expect(globsMeet(one, other)).toBe(expected);
    expect(globsMeet(other, one)).toBe(expected);
  });
});
