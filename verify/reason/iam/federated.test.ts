import { describe, expect, it } from "vitest";
import { account, allow, at, deny, doc, own, role, user, word } from "./testing/ask.ts";

describe("trust of a web identity", () => {
  const issuer = "oidc.eks.us-east-2.amazonaws.com/id/ABC";
  const provider = `arn:aws:iam::${account}:oidc-provider/${issuer}`;
  const trust = (Condition: object) => ({
    resource: [
      doc({ Effect: "Allow", Principal: { Federated: provider }, Action: "sts:AssumeRoleWithWebIdentity", Condition }),
    ],
  });
  const exact = {
    StringEquals: { [`${issuer}:sub`]: "system:serviceaccount:union:executor", [`${issuer}:aud`]: "sts.amazonaws.com" },
  };
  const pod = (sub: string, aud = "sts.amazonaws.com") => ({
    principal: provider,
    action: "sts:AssumeRoleWithWebIdentity",
    resource: role,
    context: { [`${issuer}:sub`]: sub, [`${issuer}:aud`]: aud },
  });
  const right = "system:serviceaccount:union:executor";

  it.each<[string, object, object, string]>([
    ["the right account", trust(exact), pod(right), "allow"],
    ["another account", trust(exact), pod("system:serviceaccount:union:default"), "deny"],
    ["another audience", trust(exact), pod(right, "other"), "deny"],
    ["no audience", trust(exact), { ...pod(right), context: { [`${issuer}:sub`]: right } }, "deny"],
    ["another provider", trust(exact), { ...pod(right), principal: `${provider}D` }, "deny"],
    ["the issuer by its address", trust(exact), { ...pod(right), principal: `https://${issuer}` }, "allow"],
    ["another action", trust(exact), { ...pod(right), action: "sts:AssumeRole" }, "deny"],
    [
      "a star under StringEquals is a star",
      trust({ StringEquals: { [`${issuer}:sub`]: "system:serviceaccount:union:*" } }),
      pod(right),
      "deny",
    ],
    [
      "a star under StringLike is any",
      trust({ StringLike: { [`${issuer}:sub`]: "system:serviceaccount:union:*" } }),
      pod(right),
      "allow",
    ],
    [
      "no subject is asked for: any",
      trust({ StringEquals: { [`${issuer}:aud`]: "sts.amazonaws.com" } }),
      pod("system:serviceaccount:x:y"),
      "allow",
    ],
    [
      "a subject that is not known",
      trust(exact),
      { ...pod(right), context: { [`${issuer}:sub`]: null, [`${issuer}:aud`]: "sts.amazonaws.com" } },
      "conditional",
    ],
    ["policies of a caller do not count", { identity: [doc(allow({ Action: "sts:*" }))] }, pod(right), "deny"],
  ])("%s", (_, file, query, expected) => {
    expect(word(file, query)).toBe(expected);
  });
});

describe("a federated user", () => {
  const federated = { principal: `arn:aws:sts::${account}:federated-user/bob` };
  const named = at({ AWS: federated.principal });

  it("has nothing of its own without a session policy, and with one what both allow", () => {
    expect(word({ identity: [own] }, federated)).toBe("deny");
    expect(word({ identity: [own], session: [own] }, federated)).toBe("allow");
    expect(word({ identity: [own], session: [doc(allow({ Action: "ec2:*" }))] }, federated)).toBe("deny");
  });

  it("passes its session policy where a resource names it, but no deny", () => {
    expect(word({ resource: [named] }, federated)).toBe("allow");
    expect(word({ resource: [named], session: [doc(allow({ Action: "ec2:*" }))] }, federated)).toBe("allow");
    expect(word({ resource: [named], session: [doc(deny())] }, federated)).toBe("deny");
  });

  it("is also the user who made it, whom nobody tells", () => {
    const byUser = at({ AWS: user });
    expect(word({ resource: [byUser], session: [own] }, federated)).toBe("unknown");
    expect(word({ resource: [byUser] }, federated)).toBe("deny");
    expect(word({ resource: [at({ AWS: "arn:aws:iam::222222222222:user/u" })], session: [own] }, federated)).toBe(
      "deny",
    );
    const sparing = doc(deny({ NotPrincipal: { AWS: user } }));
    expect(word({ resource: [named, sparing] }, federated)).toBe("unknown");
    expect(word({ resource: [named, doc(deny({ Principal: { AWS: user } }))] }, federated)).toBe("unknown");
  });
});
