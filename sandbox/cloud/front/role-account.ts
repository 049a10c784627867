/**
 * The object store's IAM knows one account, 000000000000; its roles are those of both accounts. The region's bear a mark
 * before their names there, so that no role of one account is ever found under the other's. Role names in an unsigned
 * AssumeRoleWithWebIdentity are translated on the way in, and ARNs on the way out. What is left of a bucket policy to
 * judge is translated too (bucket-policy.ts).
 */
import { accounts } from "../../hosts.ts";

export const judgeAccount = "000000000000";

type AccountName = keyof typeof accounts;

const regionMark = "region.";

/** @param name as the account knows the role. @returns as the judge does */
export function roleAtJudge(account: AccountName, name: string): string {
  return account === "region" ? `${regionMark}${name}` : name;
}

/**
 * @param form body or query of an AssumeRoleWithWebIdentity, urlencoded
 * @returns the same with RoleArn as the judge knows the role. A role of any other account stays as it is, and the object
 * store refuses it; one that names what only the judge knows, which no client can, becomes a role of nobody's.
 */
export function toJudgeAccount(form: string): string {
  const fields = new URLSearchParams(form);
  const role = fields.get("RoleArn");
  if (role === null) return form;
  const [, account, path = "", name = ""] = /^arn:aws:iam::(\d{12}):role\/(.*\/)?([^/]+)$/.exec(role) ?? [];
  if (account === accounts.customer && !name.startsWith(regionMark)) fields.set("RoleArn", atJudge(path, name));
  else if (account === accounts.region) fields.set("RoleArn", atJudge(path, roleAtJudge("region", name)));
  else if (account === judgeAccount || account === accounts.customer) fields.set("RoleArn", atJudge("", "nobody"));
  else return form;
  return fields.toString();
}

function atJudge(path: string, name: string): string {
  return `arn:aws:iam::${judgeAccount}:role/${path}${name}`;
}

/** @param xml answer of the object store's STS, about one session */
export function fromJudgeAccount(xml: string): string {
  const ofRegion = new RegExp(`arn:aws:sts::${judgeAccount}:assumed-role/${regionMark}`);
  const account = ofRegion.test(xml) ? accounts.region : accounts.customer;
  return xml
    .replace(ofRegion, `arn:aws:sts::${account}:assumed-role/`)
    .replaceAll(new RegExp(`(arn:aws:(?:iam|sts)::)${judgeAccount}:`, "g"), `$1${account}:`)
    .replaceAll(`<Account>${judgeAccount}</Account>`, `<Account>${account}</Account>`);
}
