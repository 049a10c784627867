import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodePublicKey, ownSigningKey, publicKeyFrom, readSigner, readSigningKey } from "./keys.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "biplane-keys-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the signing key", () => {
  it("is made once, for its owner alone, and read again after", () => {
    const path = join(folder, "a/key.pem");
    const first = encodePublicKey(ownSigningKey(path));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(encodePublicKey(ownSigningKey(path))).toBe(first);
    expect(encodePublicKey(publicKeyFrom(first))).toBe(first);
  });

  it("is refused when others may read it, when it is of another kind, and when it is not there", () => {
    const path = join(folder, "key.pem");
    expect(() => readSigningKey(path)).toThrow(/allowed: a file\. Make one by: .*openssl genpkey/);
    ownSigningKey(path);
    chmodSync(path, 0o644);
    expect(() => readSigningKey(path)).toThrow(/mode 644.*chmod 600/);
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    writeFileSync(path, privateKey.export({ type: "pkcs8", format: "pem" }));
    chmodSync(path, 0o600);
    expect(() => readSigningKey(path)).toThrow(/\(ec\).*Ed25519/);
    writeFileSync(path, "no key of anybody");
    expect(() => readSigningKey(path)).toThrow(/allowed: an Ed25519 key as PEM/);
    expect(() => readSigningKey(path)).not.toThrow(/no key of anybody/);
  });

  it("is asked for by its public half", () => {
    const path = join(folder, "public.pem");
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    writeFileSync(path, publicKey.export({ type: "spki", format: "pem" }));
    expect(readFileSync(path, "utf8")).toContain("PUBLIC");
    expect(encodePublicKey(readSigner(path))).toBe(encodePublicKey(privateKey));
    expect(() => readSigner(join(folder, "none"))).toThrow(/--signer/);
  });
});
