import { generateKeyPairSync } from "node:crypto";

/** @returns PKCS#8 PEM of a fresh P-256 key. */
export function newSigningKey(): string {
  return generateKeyPairSync("ec", { namedCurve: "P-256" })
    .privateKey.export({ type: "pkcs8", format: "pem" })
    .toString();
}
