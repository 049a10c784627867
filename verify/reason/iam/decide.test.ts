import { describe, expect, it } from "vitest";
import { policiesFrom } from "./policy-file.ts";
import { account, allow, ask, at, deny, doc, own, role, root, session, user, word } from "./testing/ask.ts";

describe("one account", () => {
  it.each<[string, object, object, string]>([
    ["nothing by itself", {}, {}, "deny"],
    ["an allow of its own", { identity: [own] }, {}, "allow"],
    ["a document and a statement alone, without lists", { identity: { Statement: allow() } }, {}, "allow"],
    ["a deny beats it", { identity: [own, doc(deny())] }, {}, "deny"],
    ["an action in another case", { identity: [doc(allow({ Action: "S3:GETobject" }))] }, {}, "allow"],
    ["NotAction", { identity: [doc(allow({ Action: undefined, NotAction: ["iam:*", "sts:*"] }))] }, {}, "allow"],
    ["NotAction of the action", { identity: [doc(allow({ Action: undefined, NotAction: "s3:*" }))] }, {}, "deny"],
    ["NotResource", { identity: [doc(allow({ Resource: undefined, NotResource: "arn:aws:s3:::c/*" }))] }, {}, "allow"],
    [
      "NotResource of the resource",
      { identity: [doc(allow({ Resource: undefined, NotResource: "arn:aws:s3:::b/*" }))] },
      {},
      "deny",
    ],
    ["a boundary gives nothing", { boundary: [own] }, {}, "deny"],
    ["a boundary limits", { identity: [own], boundary: [doc(allow({ Action: "s3:Put*" }))] }, {}, "deny"],
    ["a session policy limits", { identity: [own], session: [doc(allow({ Action: "s3:Put*" }))] }, {}, "deny"],
    [
      "two session policies add up",
      { identity: [own], session: [doc(allow({ Action: "s3:Put*" })), own] },
      {},
      "allow",
    ],
    ["a session policy denies", { identity: [own], session: [own, doc(deny())] }, {}, "deny"],
    ["one flat level of scp adds up", { identity: [own], scp: [doc(allow({ Action: "ec2:*" })), own] }, {}, "allow"],
    ["each level of scp must allow", { identity: [own], scp: [[own], [doc(allow({ Action: "ec2:*" }))]] }, {}, "deny"],
    ["every level allows", { identity: [own], scp: [[own], [doc(allow({ Action: "ec2:*" })), own]] }, {}, "allow"],
    ["a level without policies allows nothing", { identity: [own], scp: [[own], []] }, {}, "deny"],
    ["an scp gives nothing", { scp: [own] }, {}, "deny"],
    [
      "nor does an scp hold a role that is linked to a service",
      { identity: [own], scp: [doc(deny())] },
      { principal: `arn:aws:iam::${account}:role/aws-service-role/x.amazonaws.com/r` },
      "allow",
    ],
  ])("%s", (_, file, query, expected) => {
    expect(word(file, query)).toBe(expected);
  });

  it.each<[string, object, string, string]>([
    ["names the role", { AWS: role }, role, "allow"],
    ["names the role of a session", { AWS: role }, session, "allow"],
    [
      "names the role with its path, of a session that does not tell it",
      { AWS: `arn:aws:iam::${account}:role/a/b/r` },
      session,
      "allow",
    ],
    ["names another role", { AWS: `arn:aws:iam::${account}:role/rr` }, session, "deny"],
    ["names the session", { AWS: session }, session, "allow"],
    ["names another session", { AWS: `${session}2` }, session, "deny"],
    ["names the user", { AWS: [role, user] }, user, "allow"],
    ["names the account, and so nobody by that", { AWS: root }, role, "deny"],
    ["names the account by number", { AWS: account }, role, "deny"],
    ["names the account, to its root", { AWS: account }, root, "allow"],
    ["names everybody", { AWS: "*" }, role, "allow"],
    ["names a service", { Service: "ec2.amazonaws.com" }, "ec2.amazonaws.com", "allow"],
    ["names another service", { Service: "ec2.amazonaws.com" }, "lambda.amazonaws.com", "deny"],
    ["a wildcard within a name is none", { AWS: `arn:aws:iam::${account}:role/*` }, role, "deny"],
  ])("a resource's policy that %s", (_, principal, caller, expected) => {
    expect(word({ resource: [at(principal)] }, { principal: caller })).toBe(expected);
  });

  it("an account by its canonical number: nobody here knows whose, so nothing is said where it matters", () => {
    const principal = { CanonicalUser: "79a59df900b949e5" };
    const elsewhere = { context: { "aws:ResourceAccount": "222222222222" } };
    expect(word({ resource: [at(principal)] })).toBe("deny");
    for (const nobody of ["*", "x.amazonaws.com"])
      expect(word({ resource: [at(principal)] }, { principal: nobody }), nobody).toBe("deny");
    expect(word({ identity: [own], resource: [at(principal)] }, elsewhere)).toBe("unknown");
    expect(word({ identity: [own], resource: [doc(deny({ Principal: principal }))] })).toBe("unknown");
  });

  it("a role that is named is held by its boundary and session policy; its session, or a user, is not", () => {
    const narrow = [doc(allow({ Action: "ec2:*" }))];
    for (const side of ["boundary", "session"]) {
      const of = (principal: string) => ({ resource: [at({ AWS: principal })], [side]: narrow });
      expect(word(of(role), { principal: session }), side).toBe("deny");
      expect(word(of(session), { principal: session }), side).toBe("allow");
    }
    expect(word({ resource: [at({ AWS: user })], boundary: narrow }, { principal: user })).toBe("allow");
    expect(word({ resource: [at({ AWS: user })], boundary: [doc(deny())] }, { principal: user })).toBe("deny");
    // With a session policy a user's ARN stands for a federated session of that user's.
    expect(word({ resource: [at({ AWS: user })], session: narrow }, { principal: user })).toBe("deny");
    expect(word({ resource: [at({ AWS: user })], session: [own] }, { principal: user })).toBe("allow");
  });

  it("the account's root needs no policy, and is held by the organisation and by what denies it", () => {
    expect(word({}, { principal: root })).toBe("allow");
    expect(word({}, { principal: account })).toBe("allow");
    const taken = { action: "sts:AssumeRole", resource: role };
    expect(
      word(
        { resource: [doc({ Effect: "Allow", Action: "sts:*", Principal: { AWS: root } })] },
        { principal: root, ...taken },
      ),
    ).toBe("deny");
    expect(word({ scp: [doc(deny(), allow())] }, { principal: root })).toBe("deny");
    expect(word({ resource: [doc(deny({ Principal: "*" }))] }, { principal: root })).toBe("deny");
    expect(word({ boundary: [doc(allow({ Action: "ec2:*" }), deny())] }, { principal: root })).toBe("allow");
  });

  it("whoever is not signed in has what everybody is given", () => {
    const anonymous = { principal: "*" };
    expect(word({ resource: [at("*")] }, anonymous)).toBe("allow");
    expect(word({ resource: [at({ AWS: "*" })], scp: [doc(deny())] }, anonymous)).toBe("allow");
    expect(word({ resource: [at({ AWS: root })], identity: [own] }, anonymous)).toBe("deny");
    expect(
      word({ resource: [at("*", { Condition: { StringEquals: { "aws:PrincipalAccount": account } } })] }, anonymous),
    ).toBe("deny");
  });
});

describe("NotPrincipal", () => {
  const sparing = (...AWS: string[]) => [doc(deny({ NotPrincipal: { AWS } }))];

  it.each<[string, object, string, string]>([
    ["denies whom it does not name", { resource: sparing(user) }, role, "deny"],
    ["spares whom it names", { resource: sparing(role, root) }, role, "allow"],
    ["spares a session by its role", { resource: sparing(role, root) }, session, "allow"],
    ["does not spare everybody of an account that it names", { resource: sparing(user, root) }, role, "deny"],
    ["denies whoever has a boundary, named or not", { resource: sparing(role, root), boundary: [own] }, role, "deny"],
    ["and nobody else", { resource: sparing(role, root), session: [own] }, role, "allow"],
  ])("with Deny %s", (_, file, principal, expected) => {
    expect(word({ identity: [own], ...file }, { principal })).toBe(expected);
  });

  it("with Deny spares a service that it names, which has no boundary whatever the file says", () => {
    const Service = "x.amazonaws.com";
    const file = { resource: [doc(allow({ Principal: { Service } }), deny({ NotPrincipal: { Service } }))] };
    expect(word({ ...file, boundary: [own] }, { principal: Service })).toBe("allow");
  });

  it("with Allow lets in everybody but those", () => {
    const file = { resource: [doc(allow({ NotPrincipal: { AWS: user } }))] };
    expect(word(file)).toBe("allow");
    expect(word(file, { principal: user })).toBe("deny");
    expect(word(file, { principal: "*" })).toBe("allow");
  });
});

describe("between accounts", () => {
  const table = { action: "dynamodb:GetItem", resource: "arn:aws:dynamodb:us-east-1:222222222222:table/t" };
  const mine = doc(allow({ Action: "dynamodb:*" }));
  const theirs = (AWS: string) => at({ AWS }, { Action: "dynamodb:*" });

  it.each<[string, object, string]>([
    ["the caller's side is not enough", { identity: [mine] }, "deny"],
    ["the resource's is not either", { resource: [theirs(role)] }, "deny"],
    ["nor is it for everybody", { resource: [theirs("*")] }, "deny"],
    ["both are", { identity: [mine], resource: [theirs(role)] }, "allow"],
    ["the account may be named", { identity: [mine], resource: [theirs(root)] }, "allow"],
    ["a boundary must allow too", { identity: [mine], resource: [theirs(session)], boundary: [own] }, "deny"],
  ])("%s", (_, file, expected) => {
    expect(word(file, table)).toBe(expected);
  });

  it("an ARN without account is of the context's, else of the caller's", () => {
    const file = { identity: [own] };
    expect(word(file)).toBe("allow");
    expect(word(file, { context: { "aws:ResourceAccount": account } })).toBe("allow");
    expect(word(file, { context: { "aws:ResourceAccount": "222222222222" } })).toBe("deny");
    expect(
      word({ ...file, resource: [at({ AWS: role })] }, { context: { "aws:resourceaccount": "222222222222" } }),
    ).toBe("allow");
    // The ARN's own counts before it.
    expect(word({ identity: [mine] }, { ...table, context: { "aws:ResourceAccount": account } })).toBe("deny");
  });
});

describe("keys and roles are closed to their own account", () => {
  const key = { action: "kms:Decrypt", resource: `arn:aws:kms:us-east-1:${account}:key/k` };
  const taking = { action: "sts:AssumeRole", resource: `arn:aws:iam::${account}:role/target` };
  const mine = (Action: string) => doc(allow({ Action }));
  const theirs = (AWS: string, Action: string) => at({ AWS }, { Action });

  it.each<[string, object, object, string]>([
    ["a key without policy", { identity: [mine("kms:*")] }, key, "deny"],
    ["a key that trusts the account", { identity: [mine("kms:*")], resource: [theirs(root, "kms:*")] }, key, "allow"],
    ["which alone is not enough", { resource: [theirs(root, "kms:*")] }, key, "deny"],
    ["a key that names the role", { resource: [theirs(role, "kms:*")] }, key, "allow"],
    ["the root too needs the key's word", {}, { ...key, principal: root }, "deny"],
    ["and has it", { resource: [theirs(root, "kms:*")] }, { ...key, principal: root }, "allow"],
    ["no key is meant", { identity: [mine("kms:*")] }, { action: "kms:ListKeys", resource: "*" }, "allow"],
    [
      "an alias is no key",
      { identity: [mine("kms:*")] },
      { ...key, resource: `arn:aws:kms:us-east-1:${account}:alias/a` },
      "allow",
    ],
    ["a role that trusts nobody", { identity: [mine("sts:*")] }, taking, "deny"],
    [
      "a role that trusts the account",
      {
        identity: [mine("sts:*")],
        resource: [doc({ Effect: "Allow", Principal: { AWS: root }, Action: "sts:AssumeRole" })],
      },
      taking,
      "allow",
    ],
    [
      "which alone is not enough",
      { resource: [doc({ Effect: "Allow", Principal: { AWS: root }, Action: "sts:AssumeRole" })] },
      taking,
      "deny",
    ],
    [
      "a role that trusts the role",
      { resource: [doc({ Effect: "Allow", Principal: { AWS: role }, Action: "sts:AssumeRole" })] },
      taking,
      "allow",
    ],
    [
      "passing a role asks no trust",
      { identity: [mine("iam:PassRole")] },
      { ...taking, action: "iam:PassRole" },
      "allow",
    ],
  ])("%s", (_, file, query, expected) => {
    expect(word(file, query)).toBe(expected);
  });
});

describe("whose a resource is", () => {
  it("what AWS keeps for everybody is as the caller's own", () => {
    const query = { action: "iam:GetPolicy", resource: "arn:aws:iam::aws:policy/ReadOnlyAccess" };
    expect(word({ identity: [doc(allow({ Action: "iam:*" }))] }, query)).toBe("allow");
    expect(word({}, query)).toBe("deny");
  });

  it("hangs on a key whose value is not known, where it matters", () => {
    const context = { "aws:ResourceAccount": null };
    expect(ask({ identity: [own] }, { context })).toEqual({ decision: "conditional", by: "aws:ResourceAccount" });
    expect(word({ identity: [own], resource: [at({ AWS: role })] }, { context })).toBe("allow");
    expect(word({}, { context })).toBe("deny");
  });

  it("is not known of resources of any account, nor of any kind", () => {
    const file = { identity: [doc(allow({ Action: "*" }))] };
    for (const resource of ["arn:aws:sqs:us-east-1:*:q", "arn:aws:sqs:us-east-1:11111111111?:q", "arn:aws:*"]) {
      expect(ask(file, { action: "sqs:SendMessage", resource })).toEqual({
        decision: "unknown",
        by: `whose ${resource} is`,
      });
    }
    expect(word({}, { action: "sqs:SendMessage", resource: "arn:aws:sqs:us-east-1:*:q" })).toBe("deny");
  });
});

describe("limits", () => {
  it("several boundaries count in any order", () => {
    const narrow = doc(allow({ Action: "ec2:*" }));
    for (const boundary of [
      [own, narrow],
      [narrow, own],
    ]) {
      expect(word({ identity: [own], boundary })).toBe("deny");
      expect(word({ resource: [at({ AWS: user })], boundary }, { principal: user })).toBe("allow");
    }
  });

  it("whether a session is of a role that is linked to a service is not told by it", () => {
    const principal = `arn:aws:sts::${account}:assumed-role/AWSServiceRoleForX/s`;
    expect(word({ identity: [own], scp: [doc(deny())] }, { principal })).toBe("unknown");
    expect(word({ identity: [own], scp: [own] }, { principal })).toBe("allow");
    expect(word({ scp: [doc(deny())] }, { principal })).toBe("deny");
  });
});

describe("what is wrong is refused", () => {
  it.each(["Action", "NotAction", "Resource", "NotResource"])("no %s at all", (name) => {
    const statement = { Effect: "Allow", Action: "*", Resource: "*" };
    const opposite = name.startsWith("Not") ? name.slice(3) : name;
    const empty = { ...statement, [opposite]: undefined, [name]: [] };
    expect(() => policiesFrom({ identity: [doc(empty)] }, "test")).toThrow(
      /Statement\.0\..* is \[\]; allowed: a string, or a list of strings that is not empty/,
    );
  });

  it("a key twice, in a condition or a context, in two cases", () => {
    const twice = { "aws:a": "x", "AWS:A": "y" };
    const file = { identity: [doc(allow({ Condition: { StringEquals: twice } }))] };
    expect(() => policiesFrom(file, "test")).toThrow(/allowed: each key once, whatever its case/);
    expect(() => ask({}, { context: twice })).toThrow(/each key once, whatever its case/);
  });

  it.each<[string, object, RegExp]>([
    ["an unknown kind of policy", { policies: [] }, /test: policies is \[\]; allowed: no field of this name/],
    [
      "an effect",
      { identity: [doc(allow({ Effect: "allow" }))] },
      /identity\.0\.Statement\.0\.Effect is "allow"; allowed: Allow or Deny\. See docs/,
    ],
    ["both kinds of action", { identity: [doc(allow({ NotAction: "x" }))] }, /either Action or NotAction/],
    [
      "no resource",
      { identity: [doc(allow({ Resource: undefined }))] },
      /with Resource or NotResource, and without a principal/,
    ],
    ["a principal of the caller's", { identity: [at("*")] }, /without a principal/],
    ["none of the resource's", { resource: [own] }, /either Principal or NotPrincipal/],
    [
      "a version",
      { identity: [{ Version: "2012", Statement: [] }] },
      /Version is "2012"; allowed: 2008-10-17 or 2012-10-17/,
    ],
    ["levels among policies", { scp: [own, [own]] }, /a list of policies, or a list of such lists/],
  ])("%s", (_, file, message) => {
    expect(() => policiesFrom(file, "test")).toThrow(message);
  });

  it.each([
    [{ principal: "arn:aws:iam::111111111111:group/g" }, /the ARN of a role/],
    [{ principal: "r" }, /the ARN of a role/],
    [{ action: "s3:*" }, /one action, such as/],
    [{ action: "GetObject" }, /one action, such as/],
    [{ resource: "" }, /an ARN, or \*/],
    [{ context: { a: {} } }, /a value, a list of values, or null/],
  ])("a question with %j", (query, message) => {
    expect(() => ask({}, query)).toThrow(message);
  });
});
