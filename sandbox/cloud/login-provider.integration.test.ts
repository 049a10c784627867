import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { JWK } from "oidc-provider";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openUpstream } from "../../services/control/identity/upstream.ts";
import { openBrowser } from "../../services/testing/browser.ts";
import { openLogin } from "./login-provider.ts";

const issuer = "https://login.biplane.test";
const region = {
  clientId: "region",
  clientSecret: "s".repeat(40),
  redirectUri: "https://region.test/oauth2/v1/callback",
};
const application = { org: "acme", clientId: "acme-application", clientSecret: "a".repeat(40) };
const person = { email: "viewer@acme.test", groups: ["acme-viewer"], password: "a-long-password" };

let server: Server;
const site: typeof fetch = (input, options) => {
  const asked = new URL(input instanceof Request ? input.url : input);
  const { port } = server.address() as AddressInfo;
  const headers = new Headers(options?.headers);
  headers.set("x-forwarded-proto", "https");
  headers.set("x-forwarded-host", asked.host);
  return fetch(`http://127.0.0.1:${port}${asked.pathname}${asked.search}`, { ...options, headers });
};

beforeAll(async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key: JWK = { ...privateKey.export({ format: "jwk" }), kty: "EC", alg: "ES256", use: "sig", kid: "1" };
  const config = { issuer, cookieSecret: "c".repeat(40), audience: issuer, clients: [application], region };
  server = openLogin({ ...config, people: [person] }, key).listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const upstream = () =>
  openUpstream({
    ...{ issuer, ...region, scopes: "openid email groups", groupsClaim: "groups" },
    fetch: site,
  });

test("people sign in by their password alone, and the region is told their groups", async () => {
  const provider = upstream();
  const { url, checks } = await provider.begin();
  const visitor = openBrowser({ [issuer]: site });
  const page = await visitor.open(url);
  for (const [login, password] of [
    [person.email, "wrong"],
    ["nobody@acme.test", person.password],
    ["nobody@acme.test", ""],
  ] as const) {
    expect((await visitor.submit(page, { login, password })).status).toBe(400);
  }
  const back = await visitor.submit(page, { login: "Viewer@acme.test", password: person.password });
  expect(back.url.href).toContain(`${region.redirectUri}?code=`);
  expect(await provider.finish(back.url, checks)).toMatchObject({
    claims: { sub: person.email, email: person.email, email_verified: true, groups: person.groups },
  });
});

test("what comes back is believed for its own state, nonce and verifier only", async () => {
  for (const forged of [{ state: "another" }, { nonce: "another" }, { verifier: "v".repeat(43) }]) {
    const provider = upstream();
    const { url, checks } = await provider.begin();
    const visitor = openBrowser({ [issuer]: site });
    const back = await visitor.submit(await visitor.open(url), { login: person.email, password: person.password });
    expect(await provider.finish(back.url, { ...checks, ...forged })).toMatchObject({
      refused: expect.stringContaining("could not be verified"),
    });
  }
});

test("an application still acts for its organisation", async () => {
  const answer = await site(`${issuer}/token`, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      authorization: `Basic ${Buffer.from(`${application.clientId}:${application.clientSecret}`).toString("base64")}`,
    },
    body: "grant_type=client_credentials",
  });
  const { access_token } = (await answer.json()) as { access_token: string };
  expect(JSON.parse(Buffer.from(access_token.split(".")[1] ?? "", "base64url").toString())).toMatchObject({
    org: "acme",
    aud: issuer,
  });
});
