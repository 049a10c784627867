import { describe, expect, it } from "vitest";
import type { RoleCreationFact } from "../facts-account.ts";
import { parsePolicy } from "../reason/iam-policy.ts";
import { goodFacts, goodTarget } from "../testing/good-plane.ts";
import { rolesMadeByCustomer } from "./iam-15-who-made-roles.ts";

const own = goodTarget.account;

/** The first role by this caller; the other as it is. */
function wordsOf(by: Partial<RoleCreationFact["calls"][number]["by"]>): string {
  const facts = goodFacts();
  for (const call of facts.roleCreations[0]?.calls ?? [])
    call.by = { type: "AssumedRole", account: own, arn: "", ...by };
  const findings = rolesMadeByCustomer.evaluate(facts, { customer: goodTarget });
  expect(findings).toHaveLength(2);
  expect(findings[1]?.ok).toBe(true);
  return findings[0]?.ok ? "pass" : (findings[0]?.evidence ?? "");
}

const role = `arn:aws:iam::${own}:role/deployer`;
const trusting = (statement: object) =>
  parsePolicy(JSON.stringify({ Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", ...statement }] }));

describe("IAM-15", () => {
  it.each([
    ["a user", { type: "IAMUser", arn: `arn:aws:iam::${own}:user/ann` }],
    ["the account's root", { type: "Root", arn: `arn:aws:iam::${own}:root` }],
    ["a role for the account", { arn: role, trust: trusting({ Principal: { AWS: own } }) }],
    [
      "a role for one of its services",
      { arn: role, trust: trusting({ Principal: { Service: "codebuild.amazonaws.com" } }) },
    ],
    [
      "a role for people who sign in by the account's own provider",
      { arn: role, trust: trusting({ Principal: { Federated: `arn:aws:iam::${own}:saml-provider/sso` } }) },
    ],
  ])("takes %s for the customer's own", (_, by) => {
    expect(wordsOf(by)).toBe("pass");
  });

  it.each([
    ["somebody of another account", { account: "111111111111", arn: role }, "of account 111111111111"],
    [
      "somebody whose name is another account's",
      { type: "IAMUser", arn: "arn:aws:iam::111111111111:user/ann" },
      "arn:aws:iam::111111111111:user/ann",
    ],
    ["a service, of no account", { type: "AWSService", account: "" }, "AWSService of account (not told)"],
    ["a session of an unknown trust", { arn: role }, "whom it trusts is not told"],
    ["a role for everybody", { arn: role, trust: trusting({ Principal: "*" }) }, "trusts *"],
    [
      "a role for everybody but one",
      { arn: role, trust: trusting({ NotPrincipal: { AWS: own } }) },
      "trusts everybody but some",
    ],
    [
      "a role for another account, after its own",
      { arn: role, trust: trusting({ Principal: { AWS: [own, "arn:aws:iam::111111111111:root"] } }) },
      "trusts AWS:arn:aws:iam::111111111111:root",
    ],
  ])("does not take %s for that", (_, by, words) => {
    expect(wordsOf(by)).toContain(words);
  });
});
