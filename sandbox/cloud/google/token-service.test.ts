import type { webcrypto } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import { exchangeToken, type Pool } from "./token-service.ts";
import { Tokens } from "./tokens.ts";

const pool = "acme-data.svc.id.goog";
const issuer = "https://oidc-customer.biplane.test";
let folder: string;
let tokens: Tokens;
let own: webcrypto.CryptoKey;
let foreign: webcrypto.CryptoKey;
let known: Pool;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "biplane-sts-"));
  tokens = new Tokens(join(folder, "tokens.json"));
  const pair = await generateKeyPair("ES256");
  own = pair.privateKey;
  foreign = (await generateKeyPair("ES256")).privateKey;
  const jwk = { ...(await exportJWK(pair.publicKey)), alg: "ES256", kid: "1" };
  known = { name: pool, issuer, keys: () => ({ keys: [jwk] }) };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const subject = "system:serviceaccount:union:executor";

function signed({ key = own, audience = pool, from = issuer, sub = subject, exp = "10m" } = {}): Promise<string> {
  const token = new SignJWT({}).setProtectedHeader({ alg: "ES256", kid: "1" });
  return token.setIssuer(from).setAudience(audience).setSubject(sub).setIssuedAt().setExpirationTime(exp).sign(key);
}

const grantType = "urn:ietf:params:oauth:grant-type:token-exchange";
const audience = `identitynamespace:${pool}:https://container.googleapis.com`;

it("trades the cluster's token of a service account for one of that account, in either spelling of the fields", async () => {
  const subjectToken = await signed();
  for (const fields of [
    { grantType, audience, subjectToken },
    { grant_type: grantType, audience, subject_token: subjectToken },
  ]) {
    const { status, body } = await exchangeToken(fields, known, tokens);
    expect(status).toBe(200);
    const { access_token, expires_in } = JSON.parse(String(body)) as { access_token: string; expires_in: number };
    expect(expires_in).toBe(3_600);
    expect(tokens.principalOf(access_token)).toBe(`serviceAccount:${pool}[union/executor]`);
    expect(tokens.principalOf(access_token, Date.now() + 3_601_000)).toBeUndefined();
    // Kept for the next front, and not as it stands.
    expect(new Tokens(join(folder, "tokens.json")).principalOf(access_token)).toContain("union/executor");
  }
});

it.each([
  ["another key's", { key: "foreign" }, /signature/],
  ["one for somebody else", { audience: "sts.amazonaws.com" }, /aud/],
  ["another cluster's", { from: "https://oidc-region.biplane.test" }, /iss/],
  ["one that is over", { exp: "-1s" }, /exp/],
  ["no service account's", { sub: "system:node:biplane-customer" }, /no service account/],
])("refuses %s token", async (_, { key, ...changes }: { key?: string } & Record<string, string>, why) => {
  const subjectToken = await signed({ ...changes, ...(key ? { key: foreign } : {}) });
  const { status, body } = await exchangeToken({ grantType, audience, subjectToken }, known, tokens);
  expect([status, String(body)]).toEqual([400, expect.stringMatching(why)]);
});

it("refuses another pool, another grant, and everything before the cluster has published its keys", async () => {
  const subjectToken = await signed();
  const wrong = [
    [{ grantType, audience: "identitynamespace:other.svc.id.goog:x", subjectToken }, known, /invalid_target/],
    [{ grantType: "password", audience, subjectToken }, known, /unsupported_grant_type/],
    [{ grantType, audience, subjectToken }, { ...known, keys: () => undefined }, /no keys/],
    [{}, known, /unsupported_grant_type/],
  ] as const;
  for (const [fields, where, why] of wrong) {
    const { status, body } = await exchangeToken(fields, where, tokens);
    expect([status, String(body)]).toEqual([400, expect.stringMatching(why)]);
  }
});
