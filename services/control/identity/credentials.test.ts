import { expect, it } from "vitest";
import { newClientId, newSecret, readApiKey, writeApiKey } from "./credentials.ts";

it("an API key has the four fields that the flyte client splits it into, and is read back", () => {
  const { secret } = newSecret();
  const clientId = newClientId("acme", "ci");
  const value = writeApiKey("region.biplane.test", { clientId, secret }, "acme");
  expect(Buffer.from(value, "base64").toString().split(":")).toEqual(["region.biplane.test", clientId, secret, "acme"]);
  expect(readApiKey(value)).toEqual({ clientId, secret });
});

it("a secret has 256 bits and needs no encoding on its way", () => {
  const { secret } = newSecret();
  expect(Buffer.from(secret, "base64url").byteLength).toBe(32);
  expect(encodeURIComponent(secret)).toBe(secret);
});

it.each(["", "a:b:c", "host::secret:org", "host:id::org", "host:id:secret:org:more"])("%j is no API key", (text) => {
  expect(readApiKey(Buffer.from(text).toString("base64"))).toBeUndefined();
});
