/** The key that signs access tokens, and its public half for those who verify. */
import { createPrivateKey, createPublicKey, type KeyObject, randomUUID } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, type JSONWebKeySet, SignJWT } from "jose";
import { UserError } from "../../../shared/errors.ts";
import { unsignedStatement } from "../../shared/auth/authorizer.ts";
import type { Identified } from "../../shared/auth/caller.ts";
import type { Grant } from "../../shared/auth/permissions.ts";
import type { Application } from "./applications.ts";

/** Seconds. */
export const tokenLifetime = 15 * 60;

export interface Signer {
  /** Public keys only. */
  keys: JSONWebKeySet;
  /** An access token for an application, valid for 15 minutes. */
  sign(application: Pick<Application, "org" | "clientId" | "role">): Promise<string>;
  /** What a caller may do, for a compute plane to decide by, valid for a minute. */
  state(caller: Pick<Identified, "org" | "subject">, grants: readonly Grant[]): Promise<string>;
}

/** @param pem a P-256 private key. @throws UserError for any other. */
export async function createSigner(issuer: string, pem: string): Promise<Signer> {
  const key = readKey(pem);
  const publicKey = await exportJWK(createPublicKey(key));
  const kid = await calculateJwkThumbprint(publicKey);
  return {
    keys: { keys: [{ ...publicKey, kid, alg: "ES256", use: "sig" }] },
    sign: ({ org, clientId, role }) =>
      new SignJWT({ org, role, kind: "application" })
        .setProtectedHeader({ alg: "ES256", kid, typ: "at+jwt" })
        .setIssuer(issuer)
        .setAudience(issuer)
        .setSubject(clientId)
        .setIssuedAt()
        .setExpirationTime(`${tokenLifetime}s`)
        .setJti(randomUUID())
        .sign(key),
    state: (caller, grants) =>
      unsignedStatement(issuer, caller, grants)
        .setProtectedHeader({ alg: "ES256", kid, typ: "biplane-grants+jwt" })
        .sign(key),
  };
}

function readKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyDetails?.namedCurve === "prime256v1") return key;
  } catch {
    // Refused below; the parser's own message is left out, since it could quote the key.
  }
  throw new UserError("SIGNING_KEY_FILE does not hold a P-256 private key in PEM");
}
