import { expect, test } from "vitest";
import { accounts } from "../../hosts.ts";
import { toCustomerAccount, toJudgeAccount } from "./role-account.ts";

const form = (account: string) =>
  new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    RoleArn: `arn:aws:iam::${account}:role/path/user`,
    RoleSessionName: "task",
    WebIdentityToken: "a.b+/c=",
  }).toString();
const roleIn = (body: string) => new URLSearchParams(body).get("RoleArn");

test("a role of the customer's account becomes the judge's, all else stays", () => {
  const translated = new URLSearchParams(toJudgeAccount(form(accounts.customer)));
  expect(Object.fromEntries(translated)).toEqual({
    ...Object.fromEntries(new URLSearchParams(form(accounts.customer))),
    RoleArn: "arn:aws:iam::000000000000:role/path/user",
  });
});

test("no other account's role can be assumed through it", () => {
  expect(toJudgeAccount(form(accounts.region))).toBe(form(accounts.region));
  expect(roleIn(toJudgeAccount(form("000000000000")))).not.toContain("000000000000");
  expect(toJudgeAccount("RoleArn=nonsense")).toBe("RoleArn=nonsense");
  expect(toJudgeAccount("Action=GetCallerIdentity")).toBe("Action=GetCallerIdentity");
});

test("answers name the customer's account", () => {
  const answer = "<Arn>arn:aws:sts::000000000000:assumed-role/user/task</Arn><Account>000000000000</Account>";
  expect(toCustomerAccount(answer)).toBe(
    `<Arn>arn:aws:sts::${accounts.customer}:assumed-role/user/task</Arn><Account>${accounts.customer}</Account>`,
  );
});
