import { describe, expect, it } from "vitest";
import { account, allow, ask, deny, doc, own, variable, word } from "./testing/ask.ts";

describe("conditions and variables", () => {
  const given = (Condition: object, context?: object | null) =>
    ask({ identity: [doc(allow({ Sid: "S", Condition }))] }, { context });

  it("a key that is not given is absent; one that is null is not known", () => {
    expect(given({ StringEquals: { "aws:a": "x" } }, {})).toEqual({
      decision: "deny",
      by: "no statement of identity, resource allows it",
    });
    expect(given({ StringEquals: { "aws:a": "x" } }).decision).toBe("deny");
    expect(given({ StringNotEquals: { "aws:a": "x" } }).decision).toBe("allow");
    expect(given({ Null: { "aws:a": "true" } }).decision).toBe("allow");
    expect(given({ Null: { "aws:a": true } }, { "AWS:A": [] }).decision).toBe("allow");
    expect(given({ StringEquals: { "aws:a": "x" } }, { "aws:A": null })).toEqual({
      decision: "conditional",
      by: "StringEquals aws:a (S)",
    });
    expect(given({ StringEqualsIfExists: { "aws:a": "x" } }, null).decision).toBe("allow");
  });

  it("values may be numbers, truth and lists", () => {
    expect(given({ NumericLessThan: { n: 5 } }, { n: 4 }).decision).toBe("allow");
    expect(given({ Bool: { b: true } }, { b: "true" }).decision).toBe("allow");
    expect(given({ "ForAllValues:StringEquals": { l: ["a", "b"] } }, { l: ["b"] }).decision).toBe("allow");
    // AWS does not say what an operator without a set means for a key with several values.
    expect(given({ StringEquals: { l: "a" } }, { l: ["a", "b"] }).decision).toBe("unknown");
    expect(given({ StringEquals: { l: "a" } }, { l: ["b", "c"] }).decision).toBe("deny");
    expect(given({ "ForAllValues:StringEquals": { l: ["a", "b"] } }, { l: ["b", "c"] }).decision).toBe("deny");
  });

  it("what is not understood is unknown, and only where it matters", () => {
    expect(given({ StringMatches: { a: "x" } }, { a: "x" })).toEqual({
      decision: "unknown",
      by: "StringMatches a (S)",
    });
    const odd = { Condition: { StringMatches: { a: "x" } } };
    expect(word({ identity: [own, doc(allow(odd))] })).toBe("allow");
    expect(word({ identity: [own, doc(deny(odd))] })).toBe("unknown");
    expect(word({ identity: [own, doc(deny(odd), deny())] })).toBe("deny");
  });

  it("variables are filled in policies of 2012, and text in those of 2008", () => {
    const home = { Effect: "Allow", Action: "s3:*", Resource: `arn:aws:s3:::b/${variable("aws:username")}/*` };
    const query = { resource: "arn:aws:s3:::b/ann/x", context: { "aws:username": "ann" } };
    expect(word({ identity: [{ Version: "2012-10-17", Statement: home }] }, query)).toBe("allow");
    expect(word({ identity: [{ Version: "2008-10-17", Statement: home }] }, query)).toBe("deny");
    expect(word({ identity: [{ Statement: home }] }, query)).toBe("deny");
    expect(word({ identity: [doc(home)] }, { ...query, context: {} })).toBe("deny");
    // AWS says of a variable without value that the statement is invalid: it lets nobody in, and whether it denies is not said.
    const others = { Effect: "Allow", Action: "s3:*", NotResource: home.Resource };
    expect(word({ identity: [doc(others)] }, query)).toBe("deny");
    expect(word({ identity: [doc(others)] }, { ...query, context: {} })).toBe("unknown");
    const inAccount = {
      Effect: "Allow",
      Action: "sqs:*",
      Resource: `arn:aws:sqs:r:${variable("aws:PrincipalAccount")}:q`,
    };
    const queue = { action: "sqs:SendMessage", resource: `arn:aws:sqs:r:${account}:q` };
    expect(word({ identity: [doc(inAccount)] }, { ...queue, context: { "aws:PrincipalAccount": account } })).toBe(
      "unknown",
    );
    expect(word({ identity: [doc(inAccount)] }, { ...queue, context: { "aws:PrincipalAccount": "2" } })).toBe("deny");
    const unlike = { StringNotEquals: { "aws:a": variable("aws:username") } };
    expect(given(unlike, { "aws:a": "x", "aws:username": "y" }).decision).toBe("allow");
    expect(given(unlike, { "aws:a": "x" }).decision).toBe("unknown");
    expect(word({ identity: [doc(home)] }, { ...query, context: { "aws:username": null } })).toBe("conditional");
  });
});

describe("a resource with wildcards is all that it stands for", () => {
  const part = (Resource: string) => doc(allow({ Resource }));
  const all = { resource: "arn:aws:s3:::b/*" };
  it.each<[string, object, string]>([
    ["all of it is allowed", { identity: [part("arn:aws:s3:::b*")] }, "allow"],
    ["some of it is", { identity: [part("arn:aws:s3:::b/a/*")] }, "unknown"],
    ["none of it is", { identity: [part("arn:aws:s3:::c/*")] }, "deny"],
    ["some of it is denied", { identity: [own, doc(deny({ Resource: "arn:aws:s3:::b/secret" }))] }, "unknown"],
    ["all of it is denied", { identity: [own, doc(deny({ Resource: "arn:aws:s3:::b/*" }))] }, "deny"],
  ])("%s", (_, file, expected) => {
    expect(word(file, all)).toBe(expected);
  });
});

describe("resources that end early", () => {
  it.each([
    ["arn:aws:sqs", "allow"],
    ["arn:aws:sqs:us-east-1", "allow"],
    ["arn:aws:sqs:us-west-1", "deny"],
    ["arn:aws:sq", "deny"],
    ["arn:aws:sqs:us-east-1:111111111111:", "deny"],
  ])("%s: %s", (Resource, expected) => {
    const query = { action: "sqs:SendMessage", resource: `arn:aws:sqs:us-east-1:${account}:q` };
    expect(word({ identity: [doc(allow({ Action: "sqs:*", Resource }))] }, query)).toBe(expected);
    const rest = doc({ Effect: "Allow", Action: "sqs:*", NotResource: Resource });
    expect(word({ identity: [rest] }, query)).toBe(expected === "allow" ? "deny" : "allow");
  });
});

describe("signs amid a part of an ARN", () => {
  const secret = `arn:aws:secretsmanager:us-east-1:${account}:secret:x`;
  const query = { action: "secretsmanager:GetSecretValue", resource: secret };
  const of = (Resource: string) => allow({ Sid: "S", Action: "secretsmanager:*", Resource });

  it.each([
    ["arn:aws:secretsmanager:us-*-1:*:secret:x", "allow"],
    ["arn:aws:secretsmanager:us-east-?:*:secret:?", "allow"],
    ["arn:aws:secretsmanager:*:secret:x", "allow"],
    ["arn:aws:secretsmanager:us-e*:secret:x", "allow"],
    ["*x", "allow"],
    ["arn:aws:secretsmanager:*1:secret:x", "unknown"],
    ["arn:aws:secretsmanager?us-east-1:*:secret:x", "unknown"],
    ["arn:aws:secretsmanager:*2:secret:x", "deny"],
    // Four parts, to which two more are added: what its star does then nobody says.
    ["arn:aws:secretsmanager:*:x", "unknown"],
    ["arn:aws:secretsmanager:*:y", "deny"],
  ])("%s: %s", (Resource, expected) => {
    expect(word({ identity: [doc(of(Resource))] }, query)).toBe(expected);
  });

  it("pass the colons of the last part, which are of its name", () => {
    const file = { identity: [doc(allow({ Resource: "arn:aws:s3:::b/*.txt" }))] };
    expect(word(file, { resource: "arn:aws:s3:::b/a:b.txt" })).toBe("allow");
  });

  it("say what the answer hangs on, and that only where it matters", () => {
    const open = of("arn:aws:secretsmanager:*1:secret:x");
    expect(ask({ identity: [doc(open)] }, query)).toEqual({
      decision: "unknown",
      by: `how far a sign amid an ARN goes in ${secret} (S)`,
    });
    expect(word({ identity: [doc(open, allow({ Action: "*" }))] }, query)).toBe("allow");
  });
});
