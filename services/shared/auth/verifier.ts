/** Verifies bearer tokens of a short list of issuers, each with its own keys, audience and roles. */
import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { z } from "zod";
import { label } from "../config.ts";
import { unauthenticated, unavailable } from "../errors.ts";
import type { ServiceTls } from "../service-tls.ts";
import { believing, type Verified } from "./believed.ts";
import { callerKinds, type Identified, type Role, roles, userRoles } from "./caller.ts";
import { remoteKeys } from "./remote-keys.ts";

export interface TrustedIssuer {
  issuer: string;
  audience: string;
  /** Roles that this issuer may grant: the relay cannot make an admin, nor identity a cluster. */
  roles: readonly Role[];
  keys: JWTVerifyGetKey;
}

/** @throws ConnectError unauthenticated, or unavailable where the keys cannot be had. */
export type TokenVerifier = (authorization: string | undefined | null) => Promise<Identified>;

export const relayIssuer = "biplane-relay";

const claimsSchema = z
  .object({
    sub: z.string().min(1).max(256),
    org: label,
    role: z.enum(roles),
    kind: z.enum(callerKinds),
    cluster: label.optional(),
    key: z.string().min(1).max(256).optional(),
    sid: z.string().min(1).max(64).optional(),
    certificate: z
      .string()
      .regex(/^[0-9a-f]{1,64}$/)
      .optional(),
  })
  .refine((claims) => (claims.role === "cluster") === (claims.cluster !== undefined), "a cluster names itself");

export function tokenVerifier(issuers: readonly TrustedIssuer[]): TokenVerifier {
  const identify = believing((token) => identified(token, issuers));
  return async (authorization) => {
    const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? "")?.[1];
    if (!token) throw unauthenticated("a bearer token is required");
    return identify(token);
  };
}

async function identified(token: string, issuers: readonly TrustedIssuer[]): Promise<Verified<Identified>> {
  const trusted = issuers.find(({ issuer }) => issuer === namedIssuer(token));
  if (!trusted) throw unauthenticated("the token's issuer is not trusted here");
  const payload = await verified(token, trusted);
  const claims = claimsSchema.safeParse(payload);
  if (!claims.success || !trusted.roles.includes(claims.data.role)) {
    throw unauthenticated("the token does not say who the caller is");
  }
  const { sub, org, role, kind, cluster, certificate, key, sid } = claims.data;
  const plane = cluster ? { cluster, ...(certificate ? { certificate } : {}) } : {};
  const cameBy = { ...(key ? { apiKey: key } : {}), ...(sid ? { session: sid } : {}) };
  const value = { org, subject: sub, role, kind, ...plane, ...cameBy, token };
  return { value, expiresAt: payload.exp ?? 0 };
}

/** End users and applications, by tokens of our own Identity service. */
export function userIssuer(config: { TOKEN_ISSUER: string; TOKEN_KEYS_URL: string }, tls?: ServiceTls): TrustedIssuer {
  const { TOKEN_ISSUER: issuer, TOKEN_KEYS_URL: url } = config;
  return { issuer, audience: issuer, roles: userRoles, keys: remoteKeys(url, tls) };
}

/** Compute planes, by tokens that the relay mints from a tunnel's certificate. */
export function clusterIssuer(config: { RELAY_KEYS_URL: string }, tls?: ServiceTls): TrustedIssuer {
  const keys = remoteKeys(config.RELAY_KEYS_URL, tls);
  return { issuer: relayIssuer, audience: relayIssuer, roles: ["cluster"], keys };
}

function namedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    // Not a token at all: no issuer, refused by the caller of this function.
    return undefined;
  }
}

async function verified(token: string, { issuer, audience, keys }: TrustedIssuer): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: ["ES256"],
      requiredClaims: ["exp", "iat", "sub"],
      clockTolerance: 5,
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw unauthenticated("the token has expired");
    if (isRefusal(error)) throw unauthenticated("the token is not valid");
    throw unavailable("the keys that verify tokens cannot be fetched, try again", error);
  }
}

/** jose's own errors judge the token, but for the two that mean the key set itself could not be had. */
function isRefusal(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false;
  return error instanceof errors.JOSEError && error.code !== "ERR_JOSE_GENERIC";
}
