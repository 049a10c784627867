/** Policies and envelopes, as short as tests want them. */
import { withinEnvelope } from "../envelope.ts";
import { policiesFrom } from "../policy-file.ts";

export const doc = (...Statement: object[]) => ({ Version: "2012-10-17", Statement });
export const allow = (Action: string | string[], Resource: string | string[], more: object = {}) => ({
  Effect: "Allow",
  Action,
  Resource,
  ...more,
});
export const deny = (...args: Parameters<typeof allow>) => ({ ...allow(...args), Effect: "Deny" });
export const b = "arn:aws:s3:::b/*";
/** As policies write it; built here, since a template string would take it for its own. */
export const variable = (body: string) => `\u0024{${body}}`;
export const whenX = (more: object = {}) => ({ Condition: { StringEquals: { "aws:a": "x" }, ...more } });

export const compare = (inner: object, outer: object) =>
  withinEnvelope(policiesFrom(inner, "inner"), policiesFrom(outer, "outer"));
export const own = (...statements: object[]) => ({ identity: [doc(...statements)] });
/** By the bucket, to users of these names. */
export const given = (...users: string[]) => ({
  resource: [doc({ ...allow("s3:GetObject", b), Principal: { AWS: users.map(arnOf) } })],
});
const arnOf = (user: string) => (user === "*" ? "*" : `arn:aws:iam::111111111111:user/${user}`);
