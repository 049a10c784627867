/** An issuer of tokens for tests, with its own keys; signs as services/control/identity and the relay do. */
import { randomUUID } from "node:crypto";
import { createLocalJWKSet, exportJWK, generateKeyPair, type JSONWebKeySet, type JWTPayload, SignJWT } from "jose";
import { type Role, userRoles } from "../auth/caller.ts";
import { relayIssuer, type TrustedIssuer } from "../auth/verifier.ts";

export interface TestIssuer {
  trusted: TrustedIssuer;
  jwks: JSONWebKeySet;
  /** A valid token, changed by `claims`; `undefined` takes a claim out. */
  token(claims?: Record<string, unknown>): Promise<string>;
}

export async function testIssuer(issuer = "https://region.biplane.test"): Promise<TestIssuer> {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const kid = randomUUID();
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" }] };
  const roles: readonly Role[] = issuer === relayIssuer ? ["cluster"] : userRoles;
  return {
    trusted: { issuer, audience: issuer, roles, keys: createLocalJWKSet(jwks) },
    jwks,
    token(claims = {}) {
      const now = Math.floor(Date.now() / 1000);
      const standard = { iss: issuer, aud: issuer, iat: now, exp: now + 900, jti: randomUUID() };
      const who = { sub: "someone", org: "acme", role: "admin", kind: "application" };
      const payload: JWTPayload = { ...standard, ...who, ...claims };
      return new SignJWT(payload).setProtectedHeader({ alg: "ES256", kid }).sign(privateKey);
    },
  };
}
