/** The key that signs access tokens, and the public halves of all that may have signed some that are still in force. */
import { createPrivateKey, createPublicKey, type KeyObject, randomUUID } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, type JSONWebKeySet, SignJWT } from "jose";
import { UserError } from "../../../shared/errors.ts";
import { unsignedStatement } from "../../shared/auth/authorizer.ts";
import type { Identified } from "../../shared/auth/caller.ts";
import type { Grant } from "../../shared/auth/permissions.ts";
import type { Holder } from "./applications.ts";

/** Seconds. */
export const tokenLifetime = 15 * 60;

export interface Signer {
  /** Public keys only. */
  keys: JSONWebKeySet;
  /** An access token, valid for 15 minutes. */
  sign(holder: Holder): Promise<string>;
  /** What a caller may do, for a compute plane to decide by, valid for less than a minute. */
  state(caller: Pick<Identified, "org" | "subject">, grants: readonly Grant[]): Promise<string>;
}

/**
 * @param pem P-256 private keys, one after the other: the first signs, all are published. A new key is put last until
 * everybody knows it, then first; the old one goes when nothing that it signed is in force.
 * @throws UserError for any other.
 */
export async function createSigner(issuer: string, pem: string): Promise<Signer> {
  const keys = readKeys(pem);
  const [key] = keys;
  const { kid } = await publicHalf(key);
  return {
    keys: { keys: await Promise.all(keys.map(publicHalf)) },
    sign: ({ org, subject, kind, role, apiKey, session }) =>
      new SignJWT({
        ...{ org, role, kind },
        ...(apiKey === null ? {} : { key: apiKey }),
        ...(session === undefined ? {} : { sid: session }),
      })
        .setProtectedHeader({ alg: "ES256", kid, typ: "at+jwt" })
        .setIssuer(issuer)
        .setAudience(issuer)
        .setSubject(subject)
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

async function publicHalf(key: KeyObject) {
  const publicKey = await exportJWK(createPublicKey(key));
  return { ...publicKey, kid: await calculateJwkThumbprint(publicKey), alg: "ES256", use: "sig" };
}

/** @throws UserError */
function readKeys(pem: string): [KeyObject, ...KeyObject[]] {
  const [first, ...others] = pemBlocks(pem);
  return [readKey(first ?? pem), ...others.map(readKey)];
}

/** Each key's own text. */
export function pemBlocks(pem: string): string[] {
  return pem.match(/-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/g) ?? [];
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
