/** Answers that a provider could give, or somebody in its place. */
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { codeOf } from "../../shared/testing/code-of.ts";
import { type Checks, openUpstream } from "./upstream.ts";

const issuer = "https://login.test";
const clientId = "region";
const redirectUri = "https://region.test/oauth2/v1/callback";

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
let own: Keys;
let others: Keys;
beforeAll(async () => {
  own = await generateKeyPair("ES256");
  others = await generateKeyPair("ES256");
});

const seconds = () => Math.floor(Date.now() / 1000);

interface Answer {
  claims?: Record<string, unknown>;
  key?: "own" | "other" | "none";
  userInfo?: Record<string, unknown>;
}

async function idToken({ nonce }: Checks, { claims = {}, key = "own" }: Answer): Promise<string> {
  const all = { iss: issuer, aud: clientId, sub: "u1", iat: seconds(), exp: seconds() + 60, nonce, ...claims };
  if (key === "none") return new UnsecuredJWT(all).encode();
  const pair = key === "own" ? own : others;
  return new SignJWT(all).setProtectedHeader({ alg: "ES256", kid: "1" }).sign(pair.privateKey);
}

/** Signs somebody in, with the provider answering as said. */
async function signIn(answer: Answer, more: { url?: Record<string, string>; issuerThere?: string } = {}) {
  let checks: Checks | undefined;
  const provider: typeof fetch = async (input) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    switch (pathname) {
      case "/.well-known/openid-configuration":
        return Response.json({
          issuer: more.issuerThere ?? issuer,
          authorization_endpoint: `${issuer}/auth`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/keys`,
          id_token_signing_alg_values_supported: ["ES256"],
          ...(answer.userInfo ? { userinfo_endpoint: `${issuer}/me` } : {}),
        });
      case "/keys":
        return Response.json({ keys: [{ ...(await exportJWK(own.publicKey)), kid: "1", alg: "ES256", use: "sig" }] });
      case "/token":
        if (!checks) throw new Error("asked before it was begun");
        return Response.json({
          access_token: "opaque",
          token_type: "bearer",
          id_token: await idToken(checks, answer),
        });
      case "/me":
        return Response.json(answer.userInfo);
      default:
        throw new Error(`nothing is at ${pathname}`);
    }
  };
  const config = { issuer, clientId, clientSecret: "secret", scopes: "openid", groupsClaim: "groups", redirectUri };
  const upstream = openUpstream({ ...config, fetch: provider });
  const begun = await upstream.begin();
  checks = begun.checks;
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries({ code: "c", state: checks.state, ...more.url })) {
    url.searchParams.set(name, value);
  }
  return { begun, returned: await upstream.finish(url, checks) };
}

describe("signing in at the provider", () => {
  it("asks with state, nonce and PKCE of its own, new each time", async () => {
    const [{ begun: one }, { begun: other }] = [await signIn({}), await signIn({})];
    const query = Object.fromEntries(one.url.searchParams);
    expect(query).toMatchObject({ response_type: "code", client_id: clientId, redirect_uri: redirectUri });
    expect(query).toMatchObject({ code_challenge_method: "S256", state: one.checks.state, nonce: one.checks.nonce });
    expect(one.url.href).not.toContain(one.checks.verifier);
    for (const name of ["state", "nonce", "verifier"] as const) {
      expect(one.checks[name].length).toBeGreaterThanOrEqual(43);
      expect(one.checks[name]).not.toBe(other.checks[name]);
    }
  });

  it("believes an id_token of the provider's own key, and adds what it tells of the same person", async () => {
    expect((await signIn({})).returned).toMatchObject({ claims: { sub: "u1" } });
    const { returned } = await signIn({
      claims: { groups: ["a"] },
      userInfo: { sub: "u1", email: "e", groups: ["b"] },
    });
    expect(returned).toMatchObject({ claims: { email: "e", groups: ["a"] } });
  });

  it.each<[string, Answer, Parameters<typeof signIn>[1]?]>([
    ["signed by another key under the same id", { key: "other" }],
    ["not signed at all", { key: "none" }],
    ["of another issuer", { claims: { iss: "https://other.test" } }],
    ["for another application", { claims: { aud: "other" } }],
    ["for several, of which this one did not ask", { claims: { aud: [clientId, "other"], azp: "other" } }],
    ["that is over", { claims: { exp: seconds() - 600 } }],
    ["with another nonce", { claims: { nonce: "other" } }],
    ["without a nonce", { claims: { nonce: undefined } }],
    ["without a subject", { claims: { sub: undefined } }],
    ["whose person the provider tells another of", { userInfo: { sub: "u2", groups: ["admins"] } }],
    ["that came with another state", {}, { url: { state: "other" } }],
    ["that came from another issuer", {}, { url: { iss: "https://other.test" } }],
  ])("refuses one %s", async (_, answer, more) => {
    const { returned } = await signIn(answer, more);
    expect(returned).toMatchObject({
      refused: expect.stringContaining("could not be verified"),
      why: expect.any(String),
    });
  });

  it("says when the provider refused, and never what it sent", async () => {
    const { returned } = await signIn({}, { url: { error: "access_denied", error_description: "secret text" } });
    expect(returned).toEqual({ refused: "Your identity provider did not sign you in.", why: "access_denied" });
  });

  it("is unavailable where the provider cannot be reached, or is another", async () => {
    expect(await codeOf(signIn({}, { issuerThere: "https://other.test" }))).toBe("Unavailable");
    const config = { issuer, clientId, clientSecret: "s", scopes: "openid", groupsClaim: "groups", redirectUri };
    const failing = openUpstream({ ...config, fetch: () => Promise.reject(new TypeError("fetch failed")) });
    expect(await codeOf(failing.begin())).toBe("Unavailable");
  });
});
