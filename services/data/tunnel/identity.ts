/** What makes this cluster itself to its region: a key that never leaves it, a certificate, and what it pins. */
import "reflect-metadata";
import { createPrivateKey, createPublicKey, webcrypto, X509Certificate } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { z } from "zod";

x509.cryptoProvider.set(webcrypto);

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** Every part is text, so that a Kubernetes Secret can hold it; keys are the names in that Secret. */
export const identitySchema = z.object({
  /** PKCS#8 PEM. */
  key: z.string(),
  certificate: z.string(),
  /** Signs the relay's certificate too. */
  authority: z.string(),
  relayHost: z.string(),
  tokenIssuer: z.string(),
  /** JWK set, JSON: who may sign end users' tokens. */
  tokenKeys: z.string(),
});

export type Identity = z.output<typeof identitySchema>;

/** Where the identity outlives the pod. A lone key is one whose registration has not ended yet. */
export interface IdentityStore {
  load(): Promise<Partial<Identity>>;
  save(identity: Partial<Identity>): Promise<void>;
}

/** @returns PKCS#8 PEM of a new P-256 key. */
export async function newKey(): Promise<string> {
  const { privateKey } = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const der = await webcrypto.subtle.exportKey("pkcs8", privateKey);
  return x509.PemConverter.encode(der, "PRIVATE KEY");
}

/** @returns PKCS#10, PEM. The region takes only the public key from it. */
export async function signingRequest(key: string): Promise<string> {
  const privateKey = createPrivateKey(key);
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const pkcs8 = privateKey.export({ type: "pkcs8", format: "der" });
  const keys = {
    publicKey: await webcrypto.subtle.importKey("spki", spki, algorithm, true, ["verify"]),
    privateKey: await webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]),
  };
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: "CN=compute-plane",
    keys,
    signingAlgorithm: algorithm,
  });
  return request.toString("pem");
}

/** Two thirds of the certificate's life, in ms since the epoch. */
export function renewalTime(certificate: string): number {
  const { validFrom, validTo } = new X509Certificate(certificate);
  const from = Date.parse(validFrom);
  return from + (2 * (Date.parse(validTo) - from)) / 3;
}

export function hasEnded(certificate: string, now = Date.now()): boolean {
  return Date.parse(new X509Certificate(certificate).validTo) <= now;
}
