import { describe, expect, it } from "vitest";
import { type PolicyDocument, parsePolicy } from "../iam-policy.ts";
import { evaluate, type PolicySet, type Request } from "./evaluate.ts";

const account = "222222222222";
const role = `arn:aws:iam::${account}:role/r`;
const session = `arn:aws:sts::${account}:assumed-role/r/s`;
const object = "arn:aws:s3:::b/k";

const policy = (...Statement: object[]): PolicyDocument =>
  parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement }));
const allow = (more: object = {}) => ({ Effect: "Allow", Action: "s3:GetObject", Resource: "*", ...more });
const deny = (more: object = {}) => ({ ...allow(more), Effect: "Deny" });
const at = (principal: unknown, more: object = {}) => policy(allow({ Principal: principal, ...more }));

const ask = (policies: Partial<PolicySet>, more: Partial<Request> = {}) =>
  evaluate(
    {
      caller: { arn: role, kind: "role", sessionArn: session },
      action: "s3:GetObject",
      resource: object,
      context: {},
      resourceAccount: account,
      ...more,
    },
    { identity: [], ...policies },
  );

describe("evaluate, as AWS documents it within one account", () => {
  it.each<[string, Partial<PolicySet>, string, boolean]>([
    ["nothing is allowed by itself", {}, "denied", false],
    ["an allow of its own is enough", { identity: [policy(allow())] }, "allowed", false],
    ["a deny beats every allow", { identity: [policy(allow(), deny())] }, "denied", true],
    [
      "a deny of the resource beats it too",
      { identity: [policy(allow())], resource: policy(deny({ Principal: "*" })) },
      "denied",
      true,
    ],
    ["a boundary alone gives nothing", { boundary: policy(allow()) }, "denied", false],
    [
      "a boundary limits",
      { identity: [policy(allow())], boundary: policy(allow({ Action: "s3:List*" })) },
      "denied",
      false,
    ],
    ["a boundary's deny is a deny", { identity: [policy(allow())], boundary: policy(allow(), deny()) }, "denied", true],
    [
      "a ceiling limits",
      { identity: [policy(allow())], ceilings: [[policy(allow({ Action: "ec2:*" }))]] },
      "denied",
      false,
    ],
    [
      "each ceiling must allow",
      { identity: [policy(allow())], ceilings: [[policy(allow())], [policy()]] },
      "denied",
      false,
    ],
    ["a resource that names the role is enough", { resource: at({ AWS: role }) }, "allowed", false],
    [
      "but not past the role's boundary",
      { resource: at({ AWS: role }), boundary: policy(allow({ Action: "ec2:*" })) },
      "denied",
      false,
    ],
    [
      "one that names the session passes the boundary",
      { resource: at({ AWS: session }), boundary: policy(allow({ Action: "ec2:*" })) },
      "allowed",
      false,
    ],
    ["yet not a deny in it", { resource: at({ AWS: session }), boundary: policy(deny()) }, "denied", true],
    [
      "one that names the account gives nothing",
      { resource: at({ AWS: `arn:aws:iam::${account}:root` }) },
      "denied",
      false,
    ],
    [
      "NotPrincipal denies everybody else",
      {
        identity: [policy(allow())],
        resource: policy(deny({ NotPrincipal: { AWS: "arn:aws:iam::222222222222:role/other" } })),
      },
      "denied",
      true,
    ],
    [
      "and spares whom it names",
      { identity: [policy(allow())], resource: policy(deny({ NotPrincipal: { AWS: role } })) },
      "allowed",
      false,
    ],
    [
      "NotAction allows all but those",
      { identity: [policy({ Effect: "Allow", NotAction: "iam:*", Resource: "*" })] },
      "allowed",
      false,
    ],
    [
      "NotResource allows all but those",
      { identity: [policy({ Effect: "Allow", Action: "s3:*", NotResource: "arn:aws:s3:::b/*" })] },
      "denied",
      false,
    ],
  ])("%s", (_, policies, decision, explicit) => {
    expect(ask(policies)).toMatchObject({ decision, explicit });
  });

  it("actions match in any case, resources in their own", () => {
    expect(ask({ identity: [policy(allow({ Action: "S3:getobject" }))] }).decision).toBe("allowed");
    expect(ask({ identity: [policy(allow({ Resource: "arn:aws:s3:::B/k" }))] }).decision).toBe("denied");
  });

  it("a key is closed to its own account unless its policy names the account", () => {
    const key = { action: "kms:Decrypt", resource: `arn:aws:kms:us-east-2:${account}:key/1` };
    const identity = [policy({ Effect: "Allow", Action: "kms:*", Resource: "*" })];
    const named = policy({
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: "kms:*",
      Resource: "*",
    });
    expect(ask({ identity, resource: policy() }, key).decision).toBe("denied");
    expect(ask({ identity, resource: named }, key).decision).toBe("allowed");
  });

  it("between accounts both sides must allow", () => {
    const resourceAccount = "333333333333";
    const both = { identity: [policy(allow())], resource: at({ AWS: role }) };
    expect(ask({ identity: both.identity }, { resourceAccount }).decision).toBe("denied");
    expect(ask({ resource: both.resource }, { resourceAccount }).decision).toBe("denied");
    expect(ask(both, { resourceAccount }).decision).toBe("allowed");
  });

  it("what is not known is undecided, with the condition named: never silently true, never silently false", () => {
    const conditioned = (Condition: object) => [policy(allow({ Sid: "Own", Condition }))];
    expect(ask({ identity: conditioned({ StringEquals: { "s3:prefix": "x" } }) })).toMatchObject({
      decision: "undecided",
      undecided: ["StringEquals s3:prefix (Own)"],
    });
    expect(
      ask({ identity: conditioned({ NewOperator: { "aws:x": "y" } }) }, { context: { "aws:x": ["y"] } }).decision,
    ).toBe("undecided");
    const denied = [policy(allow(), deny({ Condition: { Bool: { "aws:MultiFactorAuthPresent": "false" } } }))];
    expect(ask({ identity: denied }).decision).toBe("undecided");
  });
});
