import { expect, test } from "vitest";
import { accounts } from "../../hosts.ts";
import { fromJudgeAccount, toJudgeAccount } from "./role-account.ts";

const form = (account: string, role = "path/user") =>
  new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    RoleArn: `arn:aws:iam::${account}:role/${role}`,
    RoleSessionName: "task",
    WebIdentityToken: "a.b+/c=",
  }).toString();
const roleIn = (body: string) => new URLSearchParams(body).get("RoleArn");

test.each([
  [accounts.customer, "path/user"],
  [accounts.region, "path/region.user"],
])("a role of account %s becomes the judge's %s, all else stays", (account, there) => {
  const translated = new URLSearchParams(toJudgeAccount(form(account)));
  expect(Object.fromEntries(translated)).toEqual({
    ...Object.fromEntries(new URLSearchParams(form(account))),
    RoleArn: `arn:aws:iam::000000000000:role/${there}`,
  });
});

test("no role is found under another account's name, nor under the judge's own", () => {
  expect(toJudgeAccount(form("333333333333"))).toBe(form("333333333333"));
  expect(roleIn(toJudgeAccount(form(accounts.customer, "region.user")))).toBe("arn:aws:iam::000000000000:role/nobody");
  expect(roleIn(toJudgeAccount(form("000000000000")))).toBe("arn:aws:iam::000000000000:role/nobody");
  expect(toJudgeAccount("RoleArn=nonsense")).toBe("RoleArn=nonsense");
  expect(toJudgeAccount("Action=GetCallerIdentity")).toBe("Action=GetCallerIdentity");
});

test("answers name the session's own account, and its role as that account does", () => {
  const answer = (role: string) =>
    `<Arn>arn:aws:sts::000000000000:assumed-role/${role}/task</Arn><Account>000000000000</Account>`;
  const told = (account: string) =>
    `<Arn>arn:aws:sts::${account}:assumed-role/user/task</Arn><Account>${account}</Account>`;
  expect(fromJudgeAccount(answer("user"))).toBe(told(accounts.customer));
  expect(fromJudgeAccount(answer("region.user"))).toBe(told(accounts.region));
});
