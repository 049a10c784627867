import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, iamQuery } from "./decide.ts";
import { policiesFrom } from "./policy-file.ts";
import { allow, b, compare, deny, doc, given, own, variable, whenX } from "./testing/envelope.ts";

describe("within the envelope", () => {
  it.each<[string, object, object]>([
    ["itself", own(allow("s3:GetObject", b)), own(allow("s3:GetObject", b))],
    ["nothing", {}, {}],
    ["actions in another case", own(allow("S3:getobject", b)), own(allow("s3:GetObject", b))],
    ["one action of a service", own(allow("s3:GetObject", b)), own(allow("s3:Get*", "*"))],
    ["a part of a bucket", own(allow("s3:*", "arn:aws:s3:::b/a/*")), own(allow("s3:*", b))],
    [
      "what two statements cover together",
      own(allow(["s3:GetObject", "s3:PutObject"], b)),
      own(allow("s3:Get*", b), allow("s3:P*", b)),
    ],
    [
      "what a deny leaves",
      own(allow("s3:*", "*"), deny("s3:*", "arn:aws:s3:::c*")),
      own({ Effect: "Allow", Action: "s3:*", NotResource: "arn:aws:s3:::c*" }),
    ],
    [
      "what a boundary leaves",
      { ...own(allow("*", "*")), boundary: [doc(allow("s3:GetObject", b))] },
      own(allow("s3:Get*", b)),
    ],
    [
      "what levels of scp leave",
      { ...own(allow("*", "*")), scp: [[doc(allow("s3:*", "*"))], [doc(allow("*", b))]] },
      own(allow("s3:*", b)),
    ],
    [
      "all but some actions",
      own({ Effect: "Allow", NotAction: ["iam:*", "sts:*"], Resource: "*" }),
      own({ Effect: "Allow", NotAction: "iam:*", Resource: "*" }),
    ],
    ["the same condition", own(allow("s3:*", b, whenX())), own(allow("s3:*", b, whenX()))],
    [
      "a narrower condition",
      own(allow("s3:*", b, whenX({ Bool: { s: "true" } }))),
      own(allow("s3:*", b, { Condition: { StringEquals: { "AWS:A": ["x", "y"] } } })),
    ],
    [
      "the same variable",
      own(allow("s3:*", `arn:aws:s3:::b/${variable("aws:username")}/*`)),
      own(allow("s3:*", `arn:aws:s3:::b/${variable("aws:UserName")}/*`)),
    ],
    [
      "a variable within a star",
      own(allow("s3:*", `arn:aws:s3:::b/${variable("aws:username")}`)),
      own(allow("s3:*", b)),
    ],
    [
      "what both deny on one condition",
      own(allow("s3:*", b), deny("s3:*", "*", whenX())),
      own(allow("*", "*"), deny("s3:*", "*", whenX())),
    ],
    [
      "what it denies on a wider condition",
      own(allow("s3:*", b), deny("s3:*", "*", { Condition: { StringEquals: { "aws:a": ["x", "y"] } } })),
      own(allow("*", "*"), deny("s3:Get*", "*", whenX())),
    ],
    [
      "what both deny by one variable",
      own(allow("s3:*", b), deny("*", `arn:aws:s3:::b/${variable("k")}`)),
      own(allow("s3:*", b), deny("*", `arn:aws:s3:::b/${variable("k")}`)),
    ],
    [
      "all but a variable, by the same words",
      own({ Effect: "Allow", Action: "s3:*", NotResource: `arn:aws:s3:::b/${variable("k")}` }),
      own({ Effect: "Allow", Action: "s3:*", NotResource: `arn:aws:s3:::b/${variable("k")}` }),
    ],
    [
      "what one boundary leaves on a condition",
      { ...own(allow("s3:*", b)), boundary: [doc(allow("*", "*", whenX()))] },
      { ...own(allow("s3:*", "*")), boundary: [doc(allow("*", "*", whenX()), allow("s3:List*", "*"))] },
    ],
    ["what a resource gives to one, and to one of several", given("ann"), given("ann", "bob")],
    ["what a resource gives to everybody, as one's own", own(allow("s3:GetObject", b)), given("*")],
    [
      "the same default, written otherwise",
      own(allow("s3:*", `arn:aws:s3:::b/${variable("k,'X'")}`)),
      own(allow("s3:*", `arn:aws:s3:::b/${variable("K, 'X'")}`)),
    ],
    [
      "an operator in another case",
      own(allow("s3:*", b, { Condition: { stringequals: { k: "x" } } })),
      own(allow("s3:*", b, { Condition: { StringEquals: { k: ["x", "y"] } } })),
    ],
    ["an ARN that ends early", own(allow("sqs:*", "arn:aws:sqs:us-east-1:1:q")), own(allow("sqs:*", "arn:aws:sqs"))],
    ["a literal star", own(allow("s3:*", `arn:aws:s3:::b/${variable("*")}`)), own(allow("s3:*", "arn:aws:s3:::b/?"))],
  ])("%s", (_, inner, outer) => {
    expect(compare(inner, outer)).toEqual({ within: true });
  });

  it.each<[string, object, object, object]>([
    [
      "another action",
      own(allow("s3:GetObject", b)),
      own(allow("s3:PutObject", b)),
      { action: "s3:GetObject", resource: "arn:aws:s3:::b/x" },
    ],
    [
      "a name that begins alike",
      own(allow("s3:GetObject", "arn:aws:s3:::b*")),
      own(allow("s3:GetObject", ["arn:aws:s3:::b", b])),
      { action: "s3:GetObject", resource: "arn:aws:s3:::bx" },
    ],
    [
      "every action",
      own(allow("s3:*", b)),
      own(allow(["s3:GetObject", "s3:PutObject"], b)),
      { action: "s3:DeleteObject", resource: "arn:aws:s3:::b/x" },
    ],
    [
      "actions that are yet to come",
      own(allow("acm:*", "*")),
      own(allow("acm:ListCertificates", "*")),
      { action: "acm:x", resource: "x" },
    ],
    [
      "what the envelope denies",
      own(allow("s3:*", b)),
      own(allow("*", "*"), deny("s3:DeleteObject", "*")),
      { action: "s3:DeleteObject", resource: "arn:aws:s3:::b/x" },
    ],
    [
      "what it denies on a condition",
      own(allow("s3:GetObject", b)),
      own(allow("*", "*"), deny("s3:*", "*", whenX())),
      { action: "s3:GetObject", resource: "arn:aws:s3:::b/x" },
    ],
    [
      "what it denies on a narrower condition",
      own(allow("s3:GetObject", b), deny("s3:*", "*", whenX())),
      own(allow("*", "*"), deny("s3:*", "*", { Condition: { StringEquals: { "aws:a": ["x", "y"] } } })),
      { action: "s3:GetObject", resource: "arn:aws:s3:::b/x" },
    ],
    [
      "what it denies on one condition elsewhere",
      own(allow("s3:GetObject", b), deny("s3:*", "arn:aws:s3:::c/*", whenX())),
      own(allow("*", "*"), deny("s3:*", "*", whenX())),
      { action: "s3:GetObject", resource: "arn:aws:s3:::b/x" },
    ],
    [
      "what is denied on a condition only",
      own(allow("s3:GetObject", b), deny("*", "*", whenX())),
      {},
      { action: "s3:GetObject", resource: "arn:aws:s3:::b/x" },
    ],
    [
      "what the envelope allows on a condition",
      own(allow("s3:GetObject", b)),
      own(allow("s3:*", b, whenX())),
      { action: "s3:GetObject", resource: "arn:aws:s3:::b/x" },
    ],
    [
      "a wider condition",
      own(allow("s3:GetObject", b, { Condition: { StringEquals: { "aws:a": ["x", "y"] } } })),
      own(allow("s3:*", b, whenX())),
      { action: "s3:GetObject", resource: "arn:aws:s3:::b/x" },
    ],
    [
      "a condition that excludes less",
      own(allow("s3:GetObject", b, { Condition: { StringNotEquals: { k: "x" } } })),
      own(allow("s3:*", b, { Condition: { StringNotEquals: { k: ["x", "y"] } } })),
      { action: "s3:GetObject", resource: "arn:aws:s3:::b/x" },
    ],
    [
      "what the envelope's boundary withholds",
      own(allow("s3:GetObject", b)),
      { ...own(allow("*", "*")), boundary: [doc(allow("ec2:*", "*"))] },
      { action: "s3:GetObject", resource: "arn:aws:s3:::b/x" },
    ],
    [
      "everything but",
      own({ Effect: "Allow", NotAction: "iam:*", Resource: "*" }),
      own(allow("s3:*", "*")),
      { action: "ec2:RunInstances", resource: "arn:aws:ec2:us-east-1:111111111111:instance/x" },
    ],
    [
      "a star within a variable",
      own(allow("s3:GetObject", "arn:aws:s3:::b/*/k")),
      own(allow("s3:*", `arn:aws:s3:::b/${variable("aws:username")}/k`)),
      { action: "s3:GetObject", resource: "arn:aws:s3:::b/x/k" },
    ],
    [
      "a variable in another's place",
      own(allow("s3:GetObject", `arn:aws:s3:::b/${variable("k")}`)),
      own(allow("s3:*", "arn:aws:s3:::b/?")),
      { action: "s3:GetObject", resource: `arn:aws:s3:::b/${variable("k")}` },
    ],
    [
      "a variable that a deny of the envelope may mean",
      own(allow("s3:GetObject", "arn:aws:s3:::b/ann")),
      own(allow("*", "*"), deny("*", `arn:aws:s3:::b/${variable("k")}`)),
      { action: "s3:GetObject", resource: "arn:aws:s3:::b/ann" },
    ],
    [
      "what a policy of the resource gives",
      { resource: [doc({ ...allow("s3:GetObject", b), Principal: "*" })] },
      {},
      { action: "s3:GetObject", resource: "arn:aws:s3:::b/x" },
    ],
    [
      "what one deny in the middle misses",
      own(allow("s3:GetObject", "arn:aws:s3:::b/a*"), deny("*", "arn:aws:s3:::b/a*z")),
      {},
      { action: "s3:GetObject", resource: "arn:aws:s3:::b/ax" },
    ],
  ])("not %s, with a witness", (_, inner, outer, witness) => {
    expect(compare(inner, outer)).toEqual({ within: false, witness });
  });

  it("does not say yes where a limit and a grant may meet by a variable's value", () => {
    const home = `arn:aws:s3:::b/${variable("aws:username")}`;
    const filed = (Resource: string, limit: string) => ({
      ...own(allow("s3:*", Resource)),
      boundary: [doc(allow("s3:*", limit))],
    });
    const byDefault = `arn:aws:s3:::b/${variable("aws:username, 'k'")}`;
    expect(compare(filed(home, "arn:aws:s3:::b/k"), own(allow("ec2:*", "*")))).toEqual({ within: "unknown" });
    expect(compare(filed(byDefault, home), own(allow("ec2:*", "*")))).toEqual({ within: "unknown" });
    expect(compare(filed(home, "arn:aws:s3:::b/k"), own(allow("s3:*", b)))).toEqual({ within: true });
    expect(compare(filed(home, b), own(allow("s3:Get*", home), allow("s3:*", home)))).toEqual({ within: true });
    expect(compare(filed(home, "arn:aws:s3:::c/*"), own(allow("ec2:*", "*")))).toEqual({ within: true });
  });

  it("sees that boundary and session hold nobody whom a resource names itself, and the organisation only its own", () => {
    const other = [doc(allow("ec2:*", "*"))];
    const witness = { action: "s3:GetObject", resource: "arn:aws:s3:::b/x" };
    const not = { within: false, witness };
    expect(compare({ ...given("ann"), boundary: other }, {})).toEqual(not);
    expect(compare({ ...given("*"), session: other, scp: [other] }, {})).toEqual(not);
    expect(compare({ ...given("ann"), scp: [other] }, {})).toEqual({ within: true });
    expect(compare(given("ann", "bob"), given("ann"))).toEqual(not);
    expect(compare(own(allow("s3:GetObject", b)), { ...given("*"), boundary: other })).toEqual({ within: true });
    // Whoever is not signed in is let in all the same.
    const closed = { ...given("*"), scp: [[doc(allow("*", "*"), deny("s3:*", "*"))]], identity: [doc(deny("*", "*"))] };
    expect(compare(closed, {})).toEqual(not);
    expect(compare(given("ann"), { ...given("ann"), identity: [doc(deny("*", "*"))] })).toEqual(not);
  });

  it("does not say yes where a variable's value may be what the envelope leaves out", () => {
    const home = own(allow("s3:*", `arn:aws:s3:::b/${variable("aws:username")}`));
    const ann = "arn:aws:s3:::b/ann";
    expect(compare(home, own(allow("s3:*", "*"), deny("s3:*", ann)))).toEqual({ within: "unknown" });
    expect(compare(home, own({ Effect: "Allow", Action: "s3:*", NotResource: ann }))).toEqual({ within: "unknown" });
    expect(compare(home, own(allow("s3:*", "*"), deny("s3:*", "arn:aws:s3:::c/*")))).toEqual({ within: true });
  });

  it("tells two defaults apart, variables from text, and a negated operator by any case", () => {
    const byDefault = (text: string) => own(allow("s3:*", `arn:aws:s3:::b/${variable(`k,'${text}'`)}`));
    expect(compare(byDefault("X"), byDefault("x")).within).not.toBe(true);
    const condition = { Condition: { StringEquals: { "s3:prefix": variable("aws:username") } } };
    const prefix = own(allow("s3:*", b, condition));
    const old = { identity: [{ ...doc(allow("s3:*", b, condition)), Version: "2008-10-17" }] };
    expect([compare(prefix, prefix).within, compare(old, prefix).within, compare(prefix, old).within]).toEqual([
      true,
      false,
      false,
    ]);
    const unlike = (values: string[]) => own(allow("s3:*", b, { Condition: { stringnotequals: { k: values } } }));
    expect([
      compare(unlike(["x", "y"]), unlike(["x"])).within,
      compare(unlike(["x"]), unlike(["x", "y"])).within,
    ]).toEqual([true, false]);
  });

  const getting = (more: object) => allow("s3:GetObject", b, more);
  const byBucket = (...statements: object[]) => ({ resource: [doc(...statements)] });
  const to = (...users: string[]) => ({
    Principal: { AWS: users.map((user) => `arn:aws:iam::111111111111:user/${user}`) },
  });
  const toAll = { Principal: "*" };
  const alone = (more: object) => own(getting(more));
  const name = variable("aws:username");
  it.each<[string, object, object, boolean | "unknown"]>([
    ["to everybody, and only one's own", byBucket(getting(toAll)), alone({}), false],
    [
      "to a service, and only one's own",
      byBucket(getting({ Principal: { Service: "ec2.amazonaws.com" } })),
      alone({}),
      false,
    ],
    [
      "to everybody, whom one's own deny does not hold",
      { ...byBucket(getting(toAll)), ...own(deny("*", "*")) },
      {},
      false,
    ],
    ["to everybody, whom no scp holds", { ...byBucket(getting(toAll)), scp: [doc(deny("*", "*"))] }, {}, false],
    ["to two, by two statements", byBucket(getting(to("a", "c"))), byBucket(getting(to("a")), getting(to("c"))), true],
    [
      "what is denied to somebody else",
      byBucket(getting(to("a"))),
      byBucket(getting(to("a")), deny("*", b, to("c"))),
      true,
    ],
    [
      "a variable whose value a condition says",
      own(allow("s3:GetObject", `arn:aws:s3:::b/${name}`, { Condition: { StringEquals: { "aws:username": "ann" } } })),
      own(allow("*", "arn:aws:s3:::b/ann")),
      "unknown",
    ],
    [
      "all but a variable denied, and the variable allowed",
      own(allow("s3:*", b), { Effect: "Deny", Action: "s3:*", NotResource: `arn:aws:s3:::b/${name}` }),
      own(allow("s3:*", `arn:aws:s3:::b/${name}`)),
      "unknown",
    ],
    [
      "to everybody, one of whom a boundary does not hold and the envelope denies",
      { ...byBucket(getting(toAll)), boundary: [doc(allow("ec2:*", "*"))] },
      byBucket(getting(toAll), deny("*", b, { Principal: { AWS: "arn:aws:iam::111111111111:role/r" } })),
      false,
    ],
  ])("of callers and their names: %s", (_, inner, outer, within) => {
    expect(compare(inner, outer).within).toBe(within);
  });

  it("takes from a deny with variables what it always denies", () => {
    const home = `arn:aws:s3:::b/${variable("aws:username")}`;
    const denied = own(allow("s3:*", "*"), deny("s3:*", [home, "*"]));
    expect(compare(denied, own(allow("ec2:*", "*")))).toEqual({ within: true });
    expect(compare(own(allow("s3:*", "*"), deny("s3:*", [home, b])), own(allow("ec2:*", "*"))).within).toBe(false);
  });

  it("says that it does not know, where there are too many patterns", () => {
    const many = Array.from({ length: 16 }, (_, at) => `arn:aws:s3:::*${at}*a*${at}*b`);
    expect(compare(own(allow("s3:GetObject", many)), own(allow("s3:GetObject", many)))).toEqual({ within: "unknown" });
  });

  const pattern = fc.constantFrom("*", "s3:*", "s3:Get*", "s3:GetObject", "ec2:*", "s3:?etObject");
  const resource = fc.constantFrom(
    "*",
    "arn:aws:s3:::b*",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b/a?",
    "arn:aws:ec2:*:*:*",
  );
  const statement = fc
    .record({
      Effect: fc.constantFrom("Allow", "Allow", "Deny"),
      action: fc.tuple(fc.constantFrom("Action", "NotAction"), fc.array(pattern, { minLength: 1, maxLength: 2 })),
      resource: fc.tuple(
        fc.constantFrom("Resource", "NotResource"),
        fc.array(resource, { minLength: 1, maxLength: 2 }),
      ),
    })
    .map(({ Effect, action, resource: on }) => ({ Effect, [action[0]]: action[1], [on[0]]: on[1] }));
  const file = fc.record({
    identity: fc.array(statement, { maxLength: 3 }).map((list) => [doc(...list)]),
    boundary: fc.oneof(
      fc.constant([]),
      fc.array(statement, { maxLength: 2 }).map((list) => [doc(...list)]),
    ),
  });
  const principal = "arn:aws:iam::111111111111:role/r";
  const question = (action: string, on: string) => iamQuery.parse({ principal, action, resource: on });
  const word = (given: object, action: string, on: string) =>
    decide(policiesFrom(given, "t"), question(action, on)).decision;

  it("agrees with the evaluator: a witness is allowed by the one and not by the other, and without one nothing is", () => {
    const tried = fc.record({
      action: fc.constantFrom("s3:GetObject", "s3:PutObject", "ec2:RunInstances", "iam:GetRole"),
      on: fc.constantFrom("arn:aws:s3:::b", "arn:aws:s3:::b/a1", "arn:aws:s3:::bb/x", "arn:aws:ec2:r:1:i/x", "*"),
    });
    fc.assert(
      fc.property(file, file, tried, (inner, outer, { action, on }) => {
        const { within, witness } = compare(inner, outer);
        if (witness) {
          const named = [witness.action, witness.resource] as const;
          // The account of a witness is not this caller's: another's resource would have to allow too.
          fc.pre(!/^arn:aws:(ec2|iam)/.test(witness.resource));
          expect([word(inner, ...named), word(outer, ...named)]).toEqual(["allow", "deny"]);
        }
        if (within === true && word(inner, action, on) === "allow") expect(word(outer, action, on)).toBe("allow");
      }),
      { numRuns: 300 },
    );
  });
});
