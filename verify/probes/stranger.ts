/** Somebody whom nobody knows: a key pair with a certificate of its own making, new for each probe. */
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

export interface Pair {
  /** PEM. */
  cert: string;
  key: string;
}

const signature = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const lifetimeMs = 3_600_000;

export async function strangersPair(): Promise<Pair> {
  const keys = await webcrypto.subtle.generateKey(signature, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: "CN=biplane-probe-stranger",
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + lifetimeMs),
      signingAlgorithm: signature,
      keys,
    },
    webcrypto,
  );
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { cert: certificate.toString("pem"), key: x509.PemConverter.encode(key, "PRIVATE KEY") };
}
