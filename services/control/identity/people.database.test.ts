/** People sign in by a browser; what anybody may send, what is kept, and what an administrator can end. */
import { createClient } from "@connectrpc/connect";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuditService } from "../../../gen/biplane/audit/v1/audit_pb.js";
import { ApiKeyService, PeopleService } from "../../../gen/biplane/identity/v1/identity_pb.js";
import { AuthMetadataService } from "../../../gen/flyteidl2/auth/auth_service_pb.js";
import { codeOf } from "../../shared/testing/code-of.ts";
import { openBrowser } from "../../testing/browser.ts";
import {
  authorizeUrl,
  bearer,
  issuer,
  type PeopleWorld,
  passLogin,
  redirectUri,
  startPeopleWorld,
} from "../../testing/people-world.ts";
import { oneOf, randomBytes as randomBytesOf, seededRandom } from "../../testing/random-message.ts";
import { challengeOf } from "./session-rules.ts";

let people: PeopleWorld;
beforeAll(async () => {
  people = await startPeopleWorld();
});
afterAll(() => people.stop());

describe("signing in by a browser", () => {
  it("gives a 15-minute token of the person's organisation and role, by the code's verifier", async () => {
    const ann = await people.signedIn("ann");
    expect(ann).toMatchObject({ status: 200, token_type: "Bearer", expires_in: 900, scope: "all" });
    const claims = decodeJwt(ann.access_token);
    expect(claims).toMatchObject({ sub: "ann@acme.test", org: "acme", role: "admin", kind: "user", aud: issuer });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(900);
    expect(await people.whoami(ann.access_token)).toMatchObject({
      subject: "ann@acme.test",
      additionalClaims: { org: "acme" },
    });
    expect(await people.projects(ann.access_token)).toBe("ok");
  });

  it("keeps each to their own organisation, with what their groups give and nothing more", async () => {
    const [vic, gus] = [await people.signedIn("vic"), await people.signedIn("gus")];
    expect(decodeJwt(vic.access_token)).toMatchObject({ org: "acme", role: "viewer" });
    expect(decodeJwt(gus.access_token)).toMatchObject({ org: "globex", role: "admin" });
    const audit = createClient(AuditService, people.region.transport);
    expect(await codeOf(audit.listRecords({}, bearer(vic.access_token)))).toBe("PermissionDenied");
    const { records } = await audit.listRecords({}, bearer(gus.access_token));
    expect(records.map(({ subject }) => subject)).toContain("gus@globex.test");
    expect(records.map(({ subject }) => subject)).not.toContain("vic@acme.test");
  });

  it.each([
    ["nobody", "nobody@elsewhere.test belongs to no organisation here"],
    ["both", "is in groups of several organisations"],
    ["unsure", "does not vouch for your e-mail address"],
  ])("refuses %s clearly, without a code", async (who, text) => {
    const visitor = people.browser();
    const page = await passLogin(visitor, await visitor.open(authorizeUrl()), who);
    expect([page.status, page.url.pathname]).toEqual([403, "/oauth2/v1/callback"]);
    expect(page.text).toContain(text);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  });

  it.each([
    [{ client_id: "another" }],
    [{ redirect_uri: "http://localhost:53594/callback" }],
    [{ redirect_uri: "http://localhost:53593/callback/" }],
    [{ redirect_uri: "http://localhost:53593/callback?x=1" }],
    [{ redirect_uri: "https://evil.test/callback" }],
    [{ redirect_uri: undefined }],
  ])("sends nobody to an address that is not the client's: %j", async (changes) => {
    const page = await people.browser().open(authorizeUrl(changes));
    expect([page.status, page.url.origin]).toEqual([400, issuer]);
  });

  it.each([
    [{ response_type: "token" }, "unsupported_response_type"],
    [{ code_challenge_method: "plain" }, "invalid_request"],
    [{ code_challenge_method: undefined }, "invalid_request"],
    [{ code_challenge: "short" }, "invalid_request"],
    [{ audience: "https://other.test" }, "invalid_target"],
  ])("tells the client what it did wrong, with its state: %j", async (changes, error) => {
    const { url } = await people.browser().open(authorizeUrl(changes));
    expect(`${url.origin}${url.pathname}`).toBe(redirectUri);
    expect([url.searchParams.get("error"), url.searchParams.get("state")]).toEqual([error, "s-1"]);
  });

  it("is finished only by the browser that began it, and once", async () => {
    const visitor = people.browser();
    const page = await visitor.open(authorizeUrl());
    const stopped = openBrowser({ [people.login.issuer]: people.login.fetch });
    for (const [origin, jar] of visitor.cookies) stopped.cookies.set(origin, new Map(jar));
    const callback = (await passLogin(stopped, page, "ann")).url;
    expect(`${callback.origin}${callback.pathname}`).toBe(`${issuer}/oauth2/v1/callback`);
    const stranger = await people.browser().open(callback);
    expect([stranger.status, stranger.text]).toEqual([400, expect.stringContaining("not this browser&#39;s")]);
    const forged = new URL(callback);
    forged.searchParams.set("state", "forged");
    expect((await visitor.open(forged)).status).toBe(400);
    const kept = new Map(visitor.cookies.get(issuer));
    expect((await visitor.open(callback)).url.searchParams.has("code")).toBe(true);
    expect((await visitor.open(callback)).status).toBe(400);
    // With the cookie kept the provider itself refuses its code.
    visitor.cookies.set(issuer, kept);
    expect((await visitor.open(callback)).status).toBe(403);
  });
});

describe("an administrator", () => {
  it("ends all that stands for somebody of the organisation, who may come back if their groups still say so", async () => {
    const [ann, vic, gus] = [await people.signedIn("ann"), await people.signedIn("vic"), await people.signedIn("gus")];
    const service = createClient(PeopleService, people.region.transport);
    const { value } = await createClient(ApiKeyService, people.region.transport).createApiKey(
      { name: "left", days: 1 },
      bearer(vic.access_token),
    );
    expect(await people.projects(value)).toBe("ok");
    const listed = (await service.listPeople({}, bearer(ann.access_token))).people;
    expect(listed.map(({ subject }) => subject).sort()).toEqual(["ann@acme.test", "vic@acme.test"]);
    expect(listed.find(({ subject }) => subject === "vic@acme.test")?.sessions).toBeGreaterThan(0);

    const vicsName = { subject: "vic@acme.test" };
    expect(await codeOf(service.revokeSignIns(vicsName, bearer(vic.access_token)))).toBe("PermissionDenied");
    expect(await codeOf(service.revokeSignIns(vicsName, bearer(gus.access_token)))).toBe("NotFound");
    const ended = await service.revokeSignIns(vicsName, bearer(ann.access_token));
    expect([ended.sessions > 0, ended.apiKeys]).toEqual([true, 1]);
    expect(await people.refresh(vic.refresh_token)).toMatchObject({ error: "invalid_grant" });
    await people.overSoon(vic.access_token);
    await people.overSoon(value);
    expect(await people.projects(ann.access_token)).toBe("ok");
    expect(await service.revokeSignIns(vicsName, bearer(ann.access_token))).toMatchObject({ sessions: 0, apiKeys: 0 });
    expect(await people.projects((await people.signedIn("vic")).access_token)).toBe("ok");
  });
});

describe("what nobody should send", () => {
  const paths = ["authorize", "callback", "device", "device/decision", "device_authorization", "revoke", "token"];
  const proper = {
    ...{ client_id: "biplane-cli", redirect_uri: redirectUri, response_type: "code", code_challenge_method: "S256" },
    ...{
      code_challenge: challengeOf("x"),
      audience: issuer,
      state: "s",
      iss: issuer,
      decision: "approve",
      token: "a.b.c",
    },
    ...{ code: "c", code_verifier: "v", refresh_token: "r", device_code: "d", user_code: "BCDF-GHJK" },
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
  };
  const odd = [
    "",
    "\0",
    "\ud800",
    "x".repeat(5000),
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "deny",
  ];
  const seed = Number(process.env.BIPLANE_SEED ?? Date.now() % 1_000_000);

  it(`is answered, never with a failure of ours (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const failed: string[] = [];
    for (let count = 0; count < 500; count++) {
      const sent = new URLSearchParams();
      for (const [name, value] of Object.entries(proper)) {
        const noise = Buffer.from(randomBytesOf(random, 12)).toString("latin1");
        const chance = random();
        if (chance < 0.6) sent.append(name, value);
        else if (chance < 0.8) sent.append(name, random() < 0.7 ? oneOf(random, odd) : noise);
        if (random() < 0.01) sent.append(name, value);
      }
      const path = `/oauth2/v1/${oneOf(random, paths)}`;
      const cookie = `__Host-biplane-device=${oneOf(random, odd)}`.replaceAll(/[^ -~]/g, "");
      const method = oneOf(random, ["GET", "POST", "POST", "PUT", "HEAD"]);
      const body = random() < 0.9 ? sent.toString() : Buffer.from(randomBytesOf(random, 200)).toString("latin1");
      const type = random() < 0.9 ? "application/x-www-form-urlencoded" : "text/plain";
      const answer = await people.fresh()(`${issuer}${path}${method === "POST" ? "" : `?${sent}`}`, {
        method,
        headers: { "content-type": type, cookie },
        ...(method === "POST" ? { body } : {}),
      });
      if (answer.status >= 500) failed.push(`${method} ${path} ${sent} ${body}: ${answer.status}`);
    }
    expect(failed).toEqual([]);
  });
});

describe("what is kept and told", () => {
  it("publishes where to sign in, as the pinned client reads it", async () => {
    const metadata = createClient(AuthMetadataService, people.region.transport);
    expect(await metadata.getOAuth2Metadata({})).toMatchObject({
      authorizationEndpoint: `${issuer}/oauth2/v1/authorize`,
      deviceAuthorizationEndpoint: `${issuer}/oauth2/v1/device_authorization`,
      tokenEndpoint: `${issuer}/oauth2/v1/token`,
      codeChallengeMethodsSupported: ["S256"],
    });
    expect(await metadata.getPublicClientConfig({})).toMatchObject({ clientId: "biplane-cli", redirectUri });
    const document = await (await people.site(`${issuer}/.well-known/oauth-authorization-server`)).json();
    expect(document).toMatchObject({ code_challenge_methods_supported: ["S256"], issuer });
  });

  it("holds no code, token or address of a person beyond their name, in rows or in the log", async () => {
    const { code, verifier } = await people.codeFor("ann");
    const tokens = await people.exchangeCode(code, verifier);
    const rows = await people.region.store.database.withOrg("acme", (transaction) =>
      transaction.query<{ text: string }>(
        `select t::text as text from biplane.session_secrets t where org = 'acme'
         union all select t::text from biplane.sessions t union all select t::text from biplane.audit_records t`,
      ),
    );
    const everything = [...rows.map(({ text }) => text), ...people.region.lines].join("\n");
    for (const secret of [code, verifier, tokens.access_token, tokens.refresh_token, people.login.clientSecret]) {
      expect(everything).not.toContain(secret);
    }
  });

  it("gives an API key of a person what the person has", async () => {
    const ann = await people.signedIn("ann");
    const keys = createClient(ApiKeyService, people.region.transport);
    const { value } = await keys.createApiKey({ name: "ci", days: 1 }, bearer(ann.access_token));
    expect(await people.projects(value)).toBe("ok");
  });
});
