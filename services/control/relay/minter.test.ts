import { generateKeyPairSync } from "node:crypto";
import { createLocalJWKSet, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { relayIssuer } from "../../shared/auth/verifier.ts";
import { createMinter } from "./minter.ts";

const sharedKey = () =>
  generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const name = { org: "acme", cluster: "main" };
const came = { ...name, serial: "a1" };

describe("tokens of the relay", () => {
  it("name the cluster, and are verified by the keys of any replica of the same key", async () => {
    const key = sharedKey();
    const [one, other] = await Promise.all([createMinter(key), createMinter(key)]);
    const { payload } = await jwtVerify(await one.mint(came), createLocalJWKSet(other.keys), { issuer: relayIssuer });
    expect(payload).toMatchObject({ ...name, certificate: "a1", role: "cluster", sub: "acme/main" });
    expect(Number(payload.exp) - Number(payload.iat)).toBe(300);
  });

  it("are refused by the keys of another relay", async () => {
    const [one, other] = await Promise.all([createMinter(sharedKey()), createMinter(sharedKey())]);
    await expect(jwtVerify(await one.mint(came), createLocalJWKSet(other.keys))).rejects.toThrow(/no applicable key/);
  });

  it("publish no private part, and not the key that they were derived from", async () => {
    const key = sharedKey();
    const { keys } = await createMinter(key);
    expect(Object.keys(keys.keys[0] ?? {}).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x", "y"]);
  });
});
