/** One account's names, statements as short as can be, and one question of a file of policies. */
import { decide, iamQuery } from "../decide.ts";
import { policiesFrom } from "../policy-file.ts";

export const account = "111111111111";
export const role = `arn:aws:iam::${account}:role/r`;
export const session = `arn:aws:sts::${account}:assumed-role/r/s`;
export const user = `arn:aws:iam::${account}:user/u`;
export const root = `arn:aws:iam::${account}:root`;
export const object = "arn:aws:s3:::b/k";
/** As policies write it; built here, since a template string would take it for its own. */
export const variable = (body: string) => `\u0024{${body}}`;

export const doc = (...Statement: object[]) => ({ Version: "2012-10-17", Statement });
export const allow = (more: object = {}) => ({ Effect: "Allow", Action: "s3:GetObject", Resource: "*", ...more });
export const deny = (more: object = {}) => ({ ...allow(more), Effect: "Deny" });
export const at = (principal: unknown, more: object = {}) => doc(allow({ Principal: principal, ...more }));
export const own = doc(allow());

export const ask = (file: object, query: object = {}) =>
  decide(
    policiesFrom(file, "test"),
    iamQuery.parse({ principal: role, action: "s3:GetObject", resource: object, ...query }),
  );
export const word = (file: object, query: object = {}) => ask(file, query).decision;
