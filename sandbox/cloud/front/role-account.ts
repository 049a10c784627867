/**
 * The object store's IAM knows one account, 000000000000; its roles are those of the customer's account. Role names in
 * an unsigned AssumeRoleWithWebIdentity are translated on the way in, and ARNs on the way out. What
 * is left of a bucket policy to judge is translated too (bucket-policy.ts).
 */
import { accounts } from "../../hosts.ts";

export const judgeAccount = "000000000000";

/**
 * @param form body or query of an AssumeRoleWithWebIdentity, urlencoded
 * @returns the same with the customer's account replaced in RoleArn. A role of any other account stays as it is, and
 * the object store refuses it; so does one that names the object store's own account, which no client can know.
 */
export function toJudgeAccount(form: string): string {
  const fields = new URLSearchParams(form);
  const role = fields.get("RoleArn");
  if (role === null) return form;
  const [, account, rest] = /^arn:aws:iam::(\d{12}):(.*)$/.exec(role) ?? [];
  if (account === accounts.customer) fields.set("RoleArn", `arn:aws:iam::${judgeAccount}:${rest}`);
  else if (account === judgeAccount) fields.set("RoleArn", `arn:aws:iam::${accounts.region}:${rest}`);
  else return form;
  return fields.toString();
}

/** @param xml answer of the object store's STS */
export function toCustomerAccount(xml: string): string {
  return xml
    .replaceAll(new RegExp(`(arn:aws:(?:iam|sts)::)${judgeAccount}:`, "g"), `$1${accounts.customer}:`)
    .replaceAll(`<Account>${judgeAccount}</Account>`, `<Account>${accounts.customer}</Account>`);
}
