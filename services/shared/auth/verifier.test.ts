import { Code } from "@connectrpc/connect";
import { SignJWT, UnsecuredJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { type TestIssuer, testIssuer } from "../testing/issuer.ts";
import { relayIssuer, type TokenVerifier, tokenVerifier } from "./verifier.ts";

let users: TestIssuer;
let relay: TestIssuer;
let verify: TokenVerifier;

beforeAll(async () => {
  users = await testIssuer();
  relay = await testIssuer(relayIssuer);
  verify = tokenVerifier([users.trusted, relay.trusted]);
});

const bearer = async (token: string | Promise<string>) => verify(`Bearer ${await token}`);
const now = () => Math.floor(Date.now() / 1000);

describe("a token that is right", () => {
  it("says who the caller is", async () => {
    const token = await users.token({ sub: "ann", org: "acme", role: "viewer", kind: "user" });
    expect(await bearer(token)).toEqual({ org: "acme", subject: "ann", role: "viewer", kind: "user", token });
  });

  it("names the cluster when the relay made it", async () => {
    const caller = await bearer(relay.token({ role: "cluster", cluster: "main", kind: "cluster" }));
    expect(caller).toMatchObject({ org: "acme", role: "cluster", cluster: "main" });
  });
});

describe("a token that is wrong is refused", () => {
  const cases: [string, () => string | Promise<string>][] = [
    ["expired", () => users.token({ exp: now() - 60 })],
    ["not yet valid", () => users.token({ nbf: now() + 60 })],
    ["without end", () => users.token({ exp: undefined })],
    ["without subject", () => users.token({ sub: undefined })],
    ["without organisation", () => users.token({ org: undefined })],
    ["of an empty organisation", () => users.token({ org: "" })],
    ["of an organisation with a slash", () => users.token({ org: "acme/main" })],
    ["with an unknown role", () => users.token({ role: "root" })],
    ["for another audience", () => users.token({ aud: "https://other.test" })],
    ["of an unknown issuer", () => users.token({ iss: "https://other.test" })],
    [
      "of the relay, signed by identity",
      () => users.token({ iss: relayIssuer, aud: relayIssuer, role: "cluster", cluster: "main" }),
    ],
    ["by which identity makes a cluster", () => users.token({ role: "cluster", cluster: "main" })],
    ["by which the relay makes an admin", () => relay.token({ role: "admin" })],
    ["of a cluster without name", () => relay.token({ role: "cluster", kind: "cluster" })],
    [
      "with alg none",
      () =>
        new UnsecuredJWT({ org: "acme", role: "admin", kind: "user" })
          .setIssuer("https://region.biplane.test")
          .setSubject("x")
          .setIssuedAt()
          .setExpirationTime("5m")
          .encode(),
    ],
    ["signed with the public key as if it were a secret", () => hmac(users)],
    ["whose payload was changed", async () => changed(await users.token())],
    ["not a token", () => "abc"],
  ];
  it.each(cases)("%s", async (_what, make) => {
    await expect(bearer(make())).rejects.toMatchObject({ code: Code.Unauthenticated });
  });

  it.each([undefined, null, "", "Bearer", "Bearer ", "Basic abc"])("no bearer at all: %j", async (header) => {
    await expect(verify(header)).rejects.toMatchObject({ code: Code.Unauthenticated });
  });
});

it("is unavailable, not a refusal, when keys cannot be fetched", async () => {
  const cut = tokenVerifier([{ ...users.trusted, keys: () => Promise.reject(new Error("ECONNREFUSED")) }]);
  await expect(cut(`Bearer ${await users.token()}`)).rejects.toMatchObject({ code: Code.Unavailable });
});

function hmac(issuer: TestIssuer): Promise<string> {
  const key = issuer.jwks.keys[0];
  return new SignJWT({ org: "acme", role: "admin", kind: "user" })
    .setProtectedHeader({ alg: "HS256", kid: String(key?.kid) })
    .setIssuer("https://region.biplane.test")
    .setAudience("https://region.biplane.test")
    .setSubject("x")
    .setIssuedAt()
    .setExpirationTime("5m")
    .sign(new TextEncoder().encode(JSON.stringify(key)));
}

function changed(token: string): string {
  const [header, payload = "", signature] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  return [header, Buffer.from(JSON.stringify({ ...claims, org: "globex" })).toString("base64url"), signature].join(".");
}
