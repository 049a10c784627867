import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, iamQuery } from "./decide.ts";
import { policiesFrom } from "./policy-file.ts";
import { allow, b, compare, deny, doc, own, variable } from "./testing/envelope.ts";

describe("what conditions mean, within the envelope", () => {
  const when = (operator: string, value: unknown, key = "k") => ({ Condition: { [operator]: { [key]: value } } });
  const alone = (more: object) => own(allow("s3:GetObject", b, more));
  const all = allow("*", "*");
  it.each<[string, object, object]>([
    [
      "over TLS, and what is not is denied",
      alone(when("Bool", "true", "aws:SecureTransport")),
      own(all, deny("*", "*", when("Bool", "false", "aws:SecureTransport"))),
    ],
    [
      "on a value, and every other is denied",
      alone(when("StringEquals", "x")),
      own(all, deny("*", "*", when("StringNotEquals", "x"))),
    ],
    [
      "a block within a block",
      alone(when("IpAddress", "10.1.0.0/16")),
      own(allow("*", "*", when("IpAddress", "10.0.0.0/8"))),
    ],
    [
      "two halves of a block",
      alone(when("IpAddress", "10.0.0.0/8")),
      own(allow("*", "*", when("IpAddress", ["10.0.0.0/9", "10.128.0.0/9"]))),
    ],
    ["less than less", alone(when("NumericLessThan", "5")), own(allow("*", "*", when("NumericLessThan", "10")))],
    [
      "before and after a day",
      alone({}),
      own(
        allow("*", "*", when("DateLessThan", "2026-01-01")),
        allow("*", "*", when("DateGreaterThanEquals", "2026-01-01")),
        allow("*", "*", when("Null", "true")),
      ),
    ],
    ["a text of a pattern", alone(when("StringEquals", "xy")), own(allow("*", "*", when("StringLike", "x*")))],
    ["a pattern of a pattern", alone(when("StringLike", "xy*")), own(allow("*", "*", when("StringLike", ["x*", "q"])))],
    ["a value that is there", alone(when("StringEquals", "x")), own(allow("*", "*", when("Null", "false")))],
    [
      "a value, and IfExists",
      alone(when("StringEquals", "x")),
      own(allow("*", "*", when("StringEqualsIfExists", "x"))),
    ],
    [
      "on a value, and on any other",
      alone({}),
      own(allow("*", "*", when("StringEquals", "x")), allow("*", "*", when("StringNotEquals", "x"))),
    ],
    [
      "what it denies itself",
      own(allow("s3:*", b), deny("s3:*", b, when("StringEquals", "x")), deny("s3:*", b, when("StringNotEquals", "x"))),
      {},
    ],
    [
      "what a boundary's condition leaves",
      { ...own(all), boundary: [doc(allow("s3:*", b, when("Bool", "true")))] },
      own(allow("s3:*", b, when("Bool", "true"))),
    ],
  ])("%s", (_, inner, outer) => {
    expect(compare(inner, outer)).toEqual({ within: true });
  });

  it.each<[string, object, object, false | "unknown"]>([
    [
      "a block and a hole in it",
      alone(when("IpAddress", "10.0.0.0/8")),
      own(allow("*", "*", when("IpAddress", ["10.0.0.0/9", "10.192.0.0/10"]))),
      false,
    ],
    [
      "an address of the other family",
      alone(when("NotIpAddress", "10.0.0.0/8")),
      own(allow("*", "*", when("IpAddress", "0.0.0.0/0"))),
      false,
    ],
    [
      "less than or as much",
      alone(when("NumericLessThanEquals", "5")),
      own(allow("*", "*", when("NumericLessThan", "5"))),
      false,
    ],
    [
      "between two bounds",
      alone({}),
      own(
        allow("*", "*", when("NumericLessThanEquals", "5")),
        allow("*", "*", when("NumericGreaterThanEquals", "6")),
        allow("*", "*", when("Null", "true")),
      ),
      false,
    ],
    ["a longer pattern", alone(when("StringLike", "x*")), own(allow("*", "*", when("StringLike", "xy*"))), false],
    [
      "a text that is no pattern",
      alone(when("StringLike", "x*")),
      own(allow("*", "*", when("StringEquals", "x*"))),
      false,
    ],
    [
      "no value at all",
      alone(when("StringEqualsIfExists", "x")),
      own(allow("*", "*", when("StringEquals", "x"))),
      false,
    ],
    [
      "sets, of which not all are looked at",
      alone(when("ForAllValues:StringEquals", ["a", "b"])),
      own(
        allow("*", "*", when("ForAllValues:StringEquals", ["b", "a", "c"])),
        deny("*", "*", when("ForAnyValue:StringEquals", "d")),
      ),
      "unknown",
    ],
    ["a value that is empty", alone(when("StringEquals", ["", "home/"])), alone(when("StringEquals", "home/")), false],
    ["a sign that stands for itself", alone(when("StringLike", `a${variable("*")}b`)), {}, false],
    [
      "truth in other letters",
      alone({ Condition: { Bool: { k: "true" }, StringNotEquals: { k: "true" } } }),
      {},
      "unknown",
    ],
    ["a number beyond what is counted by ones", alone(when("NumericLessThan", "100000000000000000000")), {}, "unknown"],
    ["a day that no calendar has", alone(when("DateLessThan", "9999999999999999")), {}, "unknown"],
    [
      "many keys",
      alone({ Condition: { StringEquals: Object.fromEntries([..."abcdefghij"].map((k) => [k, "x"])) } }),
      {},
      false,
    ],
    [
      "an operator that nobody here knows",
      alone(when("StringUnlike", ["a"])),
      own(allow("*", "*", when("StringUnlike", ["a", "b"]))),
      "unknown",
    ],
  ])("not %s", (_, inner, outer, within) => {
    expect(compare(inner, outer).within).toBe(within);
  });

  const question = {
    principal: "arn:aws:iam::111111111111:role/r",
    action: "s3:GetObject",
    resource: "arn:aws:s3:::b/x",
  };
  const conditions: fc.Arbitrary<object>[] = [
    { StringEquals: { k: "x" } },
    { StringNotEquals: { k: ["x", "y"] } },
    { StringLikeIfExists: { k: "x*" } },
    { Null: { k: "true" } },
    { NumericLessThan: { n: "5" } },
    { NumericGreaterThanEquals: { n: ["5", "7"] } },
    { NumericNotEquals: { n: "1" }, Bool: { t: "true" } },
    {},
  ].map((Condition) => fc.constant({ Condition }));
  const conditional = fc
    .tuple(fc.constantFrom("Allow", "Allow", "Deny"), fc.oneof(...conditions))
    .map(([Effect, more]) => ({ Effect, Action: "s3:GetObject", Resource: b, ...more }));
  const conditionals = fc.array(conditional, { minLength: 1, maxLength: 4 }).map((list) => [doc(...list)]);
  const contexts = [undefined, "x", "xa", "y", "z", ""].flatMap((k) =>
    [undefined, 0, 1, 5, 6, 7].flatMap((n) => [undefined, true, false].map((t) => ({ k, n, t }))),
  );

  it("agrees with the evaluator about conditions: a no has a context that shows it, and a yes has none", () => {
    fc.assert(
      fc.property(conditionals, conditionals, conditionals, (identity, boundary, envelope) => {
        const inner = { identity, boundary };
        const { within } = compare(inner, { identity: envelope });
        const [first, second] = [policiesFrom(inner, "t"), policiesFrom({ identity: envelope }, "t")];
        const answers = contexts.map((context) => {
          const asked = iamQuery.parse({ ...question, context: JSON.parse(JSON.stringify(context)) });
          return [decide(first, asked).decision, decide(second, asked).decision] as const;
        });
        const shown = answers.some(([one, other]) => one === "allow" && other === "deny");
        // Whether an empty text is a value to Null, nobody says.
        const open = answers.some(([one, other]) => one !== "deny" && other !== "allow");
        expect(shown ? [false] : open ? ["unknown", true] : [true]).toContain(within);
      }),
      { numRuns: 200 },
    );
  });
});
