/** Ed25519 keys of who collected: the private one in a file that only its owner reads, the public one inside each bundle. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf, refusal } from "../../shared/errors.ts";
import { sha256 } from "./canonical.ts";

const making = (path: string) => `Make one by: (umask 077; openssl genpkey -algorithm ed25519 -out ${path})`;

/** @throws UserError for a file that others may read, or that holds another kind of key. Its content is never shown. */
export function readSigningKey(path: string): KeyObject {
  if (!existsSync(path)) throw refusal({ subject: "--sign-with", value: path, allowed: "a file", todo: making(path) });
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    const allowed = "a file that only its owner reads";
    throw refusal({
      subject: "--sign-with",
      value: `${path} (mode ${mode.toString(8)})`,
      allowed,
      todo: `chmod 600 ${path}`,
    });
  }
  return ed25519(path, "--sign-with", () => createPrivateKey(readFileSync(path)));
}

/** The key at `path`, made there when nothing is. */
export function ownSigningKey(path: string): KeyObject {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    const { privateKey } = generateKeyPairSync("ed25519");
    writeFileSync(path, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "wx" });
  }
  return readSigningKey(path);
}

/** Whose signature is asked for: a public key as PEM. */
export function readSigner(path: string): KeyObject {
  if (!existsSync(path)) throw refusal({ subject: "--signer", value: path, allowed: "a file with a public key (PEM)" });
  return ed25519(path, "--signer", () => createPublicKey(readFileSync(path)));
}

/** @param encoded base64 of the DER, as bundles carry it */
export function publicKeyFrom(encoded: string): KeyObject {
  return createPublicKey({ key: Buffer.from(encoded, "base64"), format: "der", type: "spki" });
}

/** base64 of the DER. */
export function encodePublicKey(key: KeyObject): string {
  const own = key.type === "private" ? createPublicKey(key) : key;
  return own.export({ type: "spki", format: "der" }).toString("base64");
}

/** For people to compare. */
export function keyName(encoded: string): string {
  return `sha256:${sha256(encoded).slice(0, 32)}`;
}

function ed25519(path: string, subject: string, read: () => KeyObject): KeyObject {
  const allowed = "an Ed25519 key as PEM";
  let key: KeyObject;
  try {
    key = read();
  } catch (error) {
    throw refusal({ subject, value: path, allowed: `${allowed} (${messageOf(error).split("\n")[0]})` });
  }
  if (key.asymmetricKeyType !== "ed25519") {
    throw refusal({ subject, value: `${path} (${key.asymmetricKeyType})`, allowed, todo: making(path) });
  }
  return key;
}
