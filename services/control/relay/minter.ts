/** Short tokens that tell the region's services which cluster is on the line. The key lives in this process only. */
import { randomUUID } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from "jose";
import { relayIssuer } from "../../shared/auth/verifier.ts";
import type { ClusterName } from "../../shared/cluster-identity.ts";

export interface Minter {
  keys: JSONWebKeySet;
  /** Valid for five minutes. */
  mint(name: ClusterName): Promise<string>;
}

export async function createMinter(): Promise<Minter> {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return {
    keys: { keys: [{ ...jwk, kid, alg: "ES256", use: "sig" }] },
    mint: ({ org, cluster }) =>
      new SignJWT({ org, cluster, role: "cluster", kind: "cluster" })
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
