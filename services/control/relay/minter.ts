/**
 * Short tokens that tell the region's services which cluster is on the line. All replicas sign with one key, which each
 * derives from the private key that they share already: whoever verifies asks any of them, and a replica that comes,
 * goes or is killed changes nothing.
 */
import { createECDH, createPrivateKey, hkdfSync, randomUUID } from "node:crypto";
import { calculateJwkThumbprint, importJWK, type JSONWebKeySet, SignJWT } from "jose";
import { relayIssuer } from "../../shared/auth/verifier.ts";
import type { Presented } from "../../shared/cluster-identity.ts";

export interface Minter {
  keys: JSONWebKeySet;
  /** Valid for five minutes. */
  mint(came: Presented): Promise<string>;
}

/** @param sharedKey PEM of the private key that every replica holds, and nobody else. */
export async function createMinter(sharedKey: string): Promise<Minter> {
  const { d, ...publicJwk } = deriveKey(sharedKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const privateKey = await importJWK({ ...publicJwk, d }, "ES256");
  return {
    keys: { keys: [{ ...publicJwk, kid, alg: "ES256", use: "sig" }] },
    mint: ({ org, cluster, serial }) =>
      new SignJWT({ org, cluster, certificate: serial, role: "cluster", kind: "cluster" })
        .setProtectedHeader({ alg: "ES256", kid })
        .setIssuer(relayIssuer)
        .setAudience(relayIssuer)
        .setSubject(`${org}/${cluster}`)
        .setIssuedAt()
        .setExpirationTime("5m")
        .setJti(randomUUID())
        .sign(privateKey),
  };
}

/** Order of P-256 (SP 800-186, 3.2.1.3). */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** 64 bits more than the order has, so that the remainder is as good as evenly spread (FIPS 186-5, A.2.1). */
function deriveKey(sharedKey: string) {
  const secret = createPrivateKey(sharedKey).export({ type: "pkcs8", format: "der" });
  const bits = Buffer.from(hkdfSync("sha256", secret, "", "biplane relay tokens v1", 40)).toString("hex");
  const scalar = (BigInt(`0x${bits}`) % (order - 1n)) + 1n;
  const d = Buffer.from(scalar.toString(16).padStart(64, "0"), "hex");
  const pair = createECDH("prime256v1");
  pair.setPrivateKey(d);
  const point = pair.getPublicKey();
  const text = (bytes: Buffer) => bytes.toString("base64url");
  return { kty: "EC", crv: "P-256", x: text(point.subarray(1, 33)), y: text(point.subarray(33)), d: text(d) };
}
