/** Ids and secrets as they are made, and the form in which the flyte client takes an API key. Pure but for chance. */
import { randomBytes } from "node:crypto";
import { sha256 } from "../../shared/bootstrap.ts";

export interface Credentials {
  clientId: string;
  secret: string;
}

/** 256 bits. No character of it ends a field of an API key or needs encoding in a form. */
export function newSecret(): { secret: string; secretSha256: Buffer } {
  const secret = randomBytes(32).toString("base64url");
  return { secret, secretSha256: sha256(secret) };
}

/** Never used again: what an old token names can not come back as somebody else. A dot keeps it from declared ones. */
export function newClientId(org: string, name: string): string {
  return `${org}.${name}.${randomBytes(6).toString("hex")}`;
}

/** What FLYTE_API_KEY takes. @param endpoint a bare host: the client splits at the first three colons. */
export function writeApiKey(endpoint: string, { clientId, secret }: Credentials, org: string): string {
  return Buffer.from([endpoint, clientId, secret, org].join(":")).toString("base64");
}

/** @returns undefined for what is none. */
export function readApiKey(value: string): Credentials | undefined {
  const text = Buffer.from(value, "base64").toString("utf8");
  const [, clientId, secret] = /^[^:]+:([^:]{1,128}):([^:]{1,256}):[^:]*$/.exec(text) ?? [];
  return clientId && secret ? { clientId, secret } : undefined;
}
