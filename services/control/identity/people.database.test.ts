/** People sign in through the real oidc-provider, with a plain HTTP follower as their browser, by the region's gateway. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuditService, Decision } from "../../../gen/biplane/audit/v1/audit_pb.js";
import { ApiKeyService, PeopleService } from "../../../gen/biplane/identity/v1/identity_pb.js";
import { AuthMetadataService } from "../../../gen/flyteidl2/auth/auth_service_pb.js";
import { IdentityService } from "../../../gen/flyteidl2/auth/identity_pb.js";
import { ProjectService } from "../../../gen/flyteidl2/project/project_service_pb.js";
import { codeOf } from "../../shared/testing/code-of.ts";
import { type Browser, openBrowser, overHttp2, type Page } from "../../testing/browser.ts";
import { type LoginProvider, startLoginProvider } from "../../testing/login-provider.ts";
import { oneOf, randomBytes as randomBytesOf, seededRandom } from "../../testing/random-message.ts";
import { type RegionWorld, startRegionWorld } from "../../testing/region-world.ts";
import { challengeOf } from "./session-rules.ts";

const issuer = "https://region.biplane.test";
const redirectUri = "http://localhost:53593/callback";
const account = (email: string, ...groups: string[]) => ({ email, emailVerified: true, groups });
const accounts = {
  ann: account("Ann@acme.test", "acme-admins", "acme-people"),
  vic: account("vic@acme.test", "acme-people"),
  gus: account("gus@globex.test", "globex-admins"),
  nobody: account("nobody@elsewhere.test", "something-else"),
  both: account("both@acme.test", "acme-people", "globex-admins"),
  unsure: { ...account("ann@acme.test", "acme-admins"), emailVerified: false },
};
const groups = [
  { org: "acme", group: "acme-admins", role: "admin" as const },
  { org: "acme", group: "acme-people", role: "viewer" as const },
  { org: "globex", group: "globex-admins", role: "admin" as const },
];

let login: LoginProvider;
let world: RegionWorld;
let site: typeof fetch;
let sources = 0;

beforeAll(async () => {
  login = await startLoginProvider(accounts, `${issuer}/oauth2/v1/callback`);
  const upstream = { ...login, scopes: "openid email groups", groupsClaim: "groups" };
  world = await startRegionWorld({ upstream, groups });
  site = from("192.0.2.1");
});
afterAll(async () => {
  await world.stop();
  await login.stop();
});

const from = (source: string) => overHttp2(world.sessions, { "cf-connecting-ip": source });
const fresh = () => from(`198.51.100.${++sources}`);
const browser = () => openBrowser({ [issuer]: site, [login.issuer]: login.fetch });

function authorizeUrl(changes: Record<string, string | undefined> = {}): URL {
  const url = new URL(`${issuer}/oauth2/v1/authorize`);
  const given = {
    ...{ client_id: "biplane-cli", response_type: "code", scope: "all", redirect_uri: redirectUri, state: "s-1" },
    ...{ audience: issuer, code_challenge: challengeOf("v".repeat(43)), code_challenge_method: "S256" },
    ...changes,
  };
  for (const [name, value] of Object.entries(given)) if (value !== undefined) url.searchParams.set(name, value);
  return url;
}

/** At the provider: its log-in page, then its consent. */
async function passLogin(visitor: Browser, page: Page, who: string): Promise<Page> {
  expect(page.text).toContain("Enter any login");
  const consent = await visitor.submit(page, { login: who, password: "x" });
  return visitor.submit(consent, {});
}

interface Tokens {
  access_token: string;
  refresh_token: string;
  expires_in: number;
  error?: string;
  error_description?: string;
}

async function token(fields: Record<string, string>, by = site): Promise<{ status: number } & Tokens> {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const body = new URLSearchParams({ client_id: "biplane-cli", ...fields }).toString();
  const answer = await by(`${issuer}/oauth2/v1/token`, { method: "POST", headers, body });
  return { status: answer.status, ...((await answer.json()) as Tokens) };
}

const exchangeCode = (code: string, verifier: string) =>
  token({ grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: verifier });
const refresh = (refreshToken: string) => token({ grant_type: "refresh_token", refresh_token: refreshToken });

async function codeFor(who: string) {
  const verifier = randomBytes(48).toString("base64url");
  const visitor = browser();
  const page = await visitor.open(authorizeUrl({ code_challenge: challengeOf(verifier), state: `of ${who}` }));
  const back = await passLogin(visitor, page, who);
  expect(`${back.url.origin}${back.url.pathname}`).toBe(redirectUri);
  expect(back.url.searchParams.get("state")).toBe(`of ${who}`);
  return { code: back.url.searchParams.get("code") ?? "", verifier };
}

async function signedIn(who: string) {
  const { code, verifier } = await codeFor(who);
  return exchangeCode(code, verifier);
}

const bearer = (accessToken: string) => ({ headers: { authorization: `Bearer ${accessToken}` } });
const whoami = (accessToken: string) =>
  createClient(IdentityService, world.transport).userInfo({}, bearer(accessToken));
const projects = (accessToken: string) =>
  codeOf(createClient(ProjectService, world.transport).listProjects({}, bearer(accessToken)));

/** What was kept by the gateway and the services for two seconds is gone after three. */
async function overWithin(accessToken: string, seconds: number) {
  const until = Date.now() + seconds * 1000;
  while (Date.now() < until) {
    if ((await projects(accessToken)) === "Unauthenticated") return;
    await sleep(200);
  }
  throw new Error(`the token still works after ${seconds} s`);
}

describe("signing in by a browser", () => {
  it("gives a 15-minute token of the person's organisation and role, by the code's verifier", async () => {
    const ann = await signedIn("ann");
    expect(ann).toMatchObject({ status: 200, token_type: "Bearer", expires_in: 900, scope: "all" });
    const claims = decodeJwt(ann.access_token);
    expect(claims).toMatchObject({ sub: "ann@acme.test", org: "acme", role: "admin", kind: "user", aud: issuer });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(900);
    expect(await whoami(ann.access_token)).toMatchObject({
      subject: "ann@acme.test",
      additionalClaims: { org: "acme" },
    });
    expect(await projects(ann.access_token)).toBe("ok");
  });

  it("keeps each to their own organisation, with what their groups give and nothing more", async () => {
    const [vic, gus] = [await signedIn("vic"), await signedIn("gus")];
    expect(decodeJwt(vic.access_token)).toMatchObject({ org: "acme", role: "viewer" });
    expect(decodeJwt(gus.access_token)).toMatchObject({ org: "globex", role: "admin" });
    const audit = createClient(AuditService, world.transport);
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
    const visitor = browser();
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
    const page = await browser().open(authorizeUrl(changes));
    expect([page.status, page.url.origin]).toEqual([400, issuer]);
  });

  it.each([
    [{ response_type: "token" }, "unsupported_response_type"],
    [{ code_challenge_method: "plain" }, "invalid_request"],
    [{ code_challenge_method: undefined }, "invalid_request"],
    [{ code_challenge: "short" }, "invalid_request"],
    [{ audience: "https://other.test" }, "invalid_target"],
  ])("tells the client what it did wrong, with its state: %j", async (changes, error) => {
    const { url } = await browser().open(authorizeUrl(changes));
    expect(`${url.origin}${url.pathname}`).toBe(redirectUri);
    expect([url.searchParams.get("error"), url.searchParams.get("state")]).toEqual([error, "s-1"]);
  });

  it("is finished only by the browser that began it, and once", async () => {
    const visitor = browser();
    const page = await visitor.open(authorizeUrl());
    const stopped = openBrowser({ [login.issuer]: login.fetch });
    for (const [origin, jar] of visitor.cookies) stopped.cookies.set(origin, new Map(jar));
    const callback = (await passLogin(stopped, page, "ann")).url;
    expect(`${callback.origin}${callback.pathname}`).toBe(`${issuer}/oauth2/v1/callback`);
    const stranger = await browser().open(callback);
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

describe("a code", () => {
  it("is of use once; again, it ends what came of it", async () => {
    const { code, verifier } = await codeFor("ann");
    const first = await exchangeCode(code, verifier);
    expect(await projects(first.access_token)).toBe("ok");
    expect(await exchangeCode(code, verifier)).toMatchObject({ status: 400, error: "invalid_grant" });
    expect(await refresh(first.refresh_token)).toMatchObject({ status: 400, error: "invalid_grant" });
    await overWithin(first.access_token, 10);
  });

  it("is spent by a wrong verifier", async () => {
    const { code, verifier } = await codeFor("ann");
    expect(await exchangeCode(code, "w".repeat(43))).toMatchObject({ error: "invalid_grant" });
    expect(await exchangeCode(code, verifier)).toMatchObject({ error: "invalid_grant" });
  });

  it("is exchanged by one of many that try at the same time, whose session then ends", async () => {
    const { code, verifier } = await codeFor("ann");
    const answers = await Promise.all(Array.from({ length: 5 }, () => exchangeCode(code, verifier)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const won = answers.find(({ status }) => status === 200);
    expect(await refresh(won?.refresh_token ?? "")).toMatchObject({ error: "invalid_grant" });
  });

  it("is over after a minute, and is for the client's own address", async () => {
    const { code, verifier } = await codeFor("ann");
    const fields = { grant_type: "authorization_code", code, code_verifier: verifier };
    expect(await token({ ...fields, redirect_uri: "http://localhost:1/" })).toMatchObject({ error: "invalid_grant" });
    expect(await token({ ...fields, redirect_uri: redirectUri, client_id: "x" })).toMatchObject({
      error: "invalid_client",
    });
    await later("code", "61 seconds");
    expect(await exchangeCode(code, verifier)).toMatchObject({ error: "invalid_grant" });
  });
});

/** Moves everything of acme's secrets of a kind into the past. */
async function later(kind: string, by: string) {
  await world.store.database.withOrg("acme", (transaction) =>
    transaction.query(
      `update biplane.session_secrets set expires_at = expires_at - $2::interval, used_at = used_at - $2::interval
       where org = 'acme' and kind = $1`,
      [kind, by],
    ),
  );
}

describe("a refresh token", () => {
  it("is replaced by each use, within the same session", async () => {
    const first = await signedIn("ann");
    const second = await refresh(first.refresh_token);
    expect(second).toMatchObject({ status: 200, expires_in: 900 });
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(decodeJwt(second.access_token).sid).toBe(decodeJwt(first.access_token).sid);
    expect(await projects(second.access_token)).toBe("ok");
  });

  it("is taken from both halves of a client within a minute, and ends the session after it", async () => {
    const first = await signedIn("ann");
    const [unary, stream] = [await refresh(first.refresh_token), await refresh(first.refresh_token)];
    expect([unary.status, stream.status]).toEqual([200, 200]);
    await later("refresh", "61 seconds");
    expect(await refresh(first.refresh_token)).toMatchObject({ error: "invalid_grant" });
    expect(await refresh(unary.refresh_token)).toMatchObject({ error: "invalid_grant" });
    await overWithin(stream.access_token, 10);
    const records = await auditOf("ann");
    expect(records).toContainEqual(["sign-in/Replay", Decision.DENIED, "refresh"]);
  });

  it("is no code, and a code is no refresh token", async () => {
    const { code } = await codeFor("ann");
    expect(await refresh(code)).toMatchObject({ error: "invalid_grant" });
    const { refresh_token } = await signedIn("ann");
    expect(await exchangeCode(refresh_token, "v".repeat(43))).toMatchObject({ error: "invalid_grant" });
    expect(await refresh(refresh_token)).toMatchObject({ status: 200 });
  });

  it("ends with its session", async () => {
    const { refresh_token, access_token } = await signedIn("ann");
    await world.store.database.withOrg("acme", (transaction) =>
      transaction.query("update biplane.sessions set expires_at = now() where org = 'acme' and session_id = $1", [
        decodeJwt(access_token).sid,
      ]),
    );
    expect(await refresh(refresh_token)).toMatchObject({ error: "invalid_grant" });
    await overWithin(access_token, 10);
  });
});

async function auditOf(who: "ann" | "vic") {
  const { access_token } = await signedIn("ann");
  const { records } = await createClient(AuditService, world.transport).listRecords({}, bearer(access_token));
  return records
    .filter(({ subject }) => subject === accounts[who].email.toLowerCase())
    .map(({ operation, decision, resource }) => [operation, decision, resource]);
}

describe("signing out", () => {
  const revoke = async (value: string, clientId = "biplane-cli") => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const body = new URLSearchParams({ token: value, client_id: clientId }).toString();
    return (await site(`${issuer}/oauth2/v1/revoke`, { method: "POST", headers, body })).status;
  };

  it.each(["refresh_token", "access_token"] as const)("by the %s ends both, for everybody, in seconds", async (by) => {
    const vic = await signedIn("vic");
    expect(await projects(vic.access_token)).toBe("ok");
    expect(await revoke(vic[by], "another")).toBe(401);
    expect(await revoke(vic[by])).toBe(200);
    expect(await refresh(vic.refresh_token)).toMatchObject({ error: "invalid_grant" });
    await overWithin(vic.access_token, 10);
    expect(await auditOf("vic")).toContainEqual(["sign-in/End", Decision.ALLOWED, expect.any(String)]);
  });

  it("leaves another session of the same person alone, and answers alike what is no token", async () => {
    const [one, other] = [await signedIn("vic"), await signedIn("vic")];
    expect(await revoke(one.refresh_token)).toBe(200);
    expect(await revoke("no token of anybody")).toBe(200);
    expect(await revoke("a.b.c")).toBe(200);
    expect(await refresh(other.refresh_token)).toMatchObject({ status: 200 });
  });
});

describe("signing a device in", () => {
  interface Device {
    device_code: string;
    user_code: string;
    verification_uri: string;
    verification_uri_complete: string;
    interval: number;
    expires_in: number;
  }
  const begin = async (by = fresh()) => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const body = `client_id=biplane-cli&scope=all&audience=${encodeURIComponent(issuer)}`;
    const answer = await by(`${issuer}/oauth2/v1/device_authorization`, { method: "POST", headers, body });
    return { status: answer.status, ...((await answer.json()) as Device) };
  };
  const poll = ({ device_code }: Device) =>
    token({ grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code });
  /** As if the device had waited. */
  const waited = ({ device_code }: Device, seconds: number) => change(device_code, "polled_at", seconds);
  const change = (deviceCode: string, column: "polled_at" | "expires_at", seconds: number) =>
    world.store.database.withSettings({ "biplane.secret": hashOf(deviceCode).toString("hex") }, (transaction) =>
      transaction.query(`update biplane.device_requests set ${column} = ${column} - make_interval(secs => $1)`, [
        seconds,
      ]),
    );
  const enter = async (device: Device, who: string, by = fresh()) => {
    const visitor = openBrowser({ [issuer]: by, [login.issuer]: login.fetch });
    const form = await visitor.open(device.verification_uri_complete);
    const page = await visitor.submit(form, { user_code: device.user_code.toLowerCase().replace("-", " ") });
    return { visitor, page: await passLogin(visitor, page, who) };
  };

  it("asks the person, shows the code again, and gives the device a session once", async () => {
    const device = await begin();
    expect(device).toMatchObject({ status: 200, expires_in: 600, interval: 5 });
    expect(device.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(await poll(device)).toMatchObject({ status: 400, error: "authorization_pending" });
    const { visitor, page } = await enter(device, "ann");
    for (const text of [device.user_code, "ann@acme.test", "acme"]) expect(page.text).toContain(text);
    await waited(device, 5);
    expect(await poll(device)).toMatchObject({ error: "authorization_pending" });
    expect((await visitor.submit(page, { decision: "approve" })).text).toContain("Your device is signed in");
    const ann = await poll(device);
    expect(ann).toMatchObject({ status: 200, expires_in: 900 });
    expect(decodeJwt(ann.access_token)).toMatchObject({ sub: "ann@acme.test", org: "acme", role: "admin" });
    expect(await projects(ann.access_token)).toBe("ok");
    expect(await refresh(ann.refresh_token)).toMatchObject({ status: 200 });
    expect(await poll(device)).toMatchObject({ error: "invalid_grant" });
    await overWithin(ann.access_token, 10);
    expect(await auditOf("ann")).toContainEqual(["sign-in/Begin", Decision.ALLOWED, "device"]);
  });

  it("tells a device that asks too often to slow down, and means it", async () => {
    const device = await begin();
    expect(await poll(device)).toMatchObject({ error: "authorization_pending" });
    expect(await poll(device)).toMatchObject({ error: "slow_down" });
    await waited(device, 6);
    expect(await poll(device)).toMatchObject({ error: "slow_down" });
    await waited(device, 15);
    expect(await poll(device)).toMatchObject({ error: "authorization_pending" });
  });

  it("tells a device that it was denied, or that nobody came", async () => {
    const denied = await begin();
    const { visitor, page } = await enter(denied, "vic");
    expect((await visitor.submit(page, { decision: "deny" })).text).toContain("was not signed in");
    expect(await poll(denied)).toMatchObject({ error: "access_denied" });
    const late = await begin();
    await change(late.device_code, "expires_at", 601);
    expect(await poll(late)).toMatchObject({ error: "expired_token" });
    expect(await poll({ ...late, device_code: "never given" })).toMatchObject({ error: "invalid_grant" });
  });

  it("is decided about once, and not by a form of another site", async () => {
    const device = await begin();
    const { visitor, page } = await enter(device, "ann");
    const other = await enter(device, "gus");
    const stranger = browser();
    expect((await stranger.submit(page, { decision: "approve" })).status).toBe(400);
    expect((await visitor.submit(page, { decision: "approve" })).status).toBe(200);
    expect((await other.visitor.submit(other.page, { decision: "approve" })).status).toBe(409);
    expect(decodeJwt((await poll(device)).access_token)).toMatchObject({ org: "acme" });
  });

  it("throttles whoever guesses codes, from where they come", async () => {
    const guesser = fresh();
    const device = await begin();
    const visitor = openBrowser({ [issuer]: guesser, [login.issuer]: login.fetch });
    const form = await visitor.open(`${issuer}/oauth2/v1/device`);
    const statuses: number[] = [];
    for (let guess = 0; guess < 12; guess++) {
      statuses.push((await visitor.submit(form, { user_code: "BBBB-BBBB" })).status);
    }
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 400), 429, 429]);
    expect((await visitor.submit(form, { user_code: device.user_code })).status).toBe(429);
    expect((await enter(device, "ann")).page.text).toContain("Approve");
  });

  it("gives no more codes than anybody needs, from where they come", async () => {
    const greedy = fresh();
    const statuses = [];
    for (let count = 0; count < 31; count++) statuses.push((await begin(greedy)).status);
    expect(statuses.slice(-2)).toEqual([200, 429]);
  });

  const hashOf = (text: string) => Buffer.from(challengeOf(text), "base64url");
});

describe("an administrator", () => {
  it("ends all that stands for somebody of the organisation, who may come back if their groups still say so", async () => {
    const [ann, vic, gus] = [await signedIn("ann"), await signedIn("vic"), await signedIn("gus")];
    const people = createClient(PeopleService, world.transport);
    const { value } = await createClient(ApiKeyService, world.transport).createApiKey(
      { name: "left", days: 1 },
      bearer(vic.access_token),
    );
    expect(await projects(value)).toBe("ok");
    const listed = (await people.listPeople({}, bearer(ann.access_token))).people;
    expect(listed.map(({ subject }) => subject).sort()).toEqual(["ann@acme.test", "vic@acme.test"]);
    expect(listed.find(({ subject }) => subject === "vic@acme.test")?.sessions).toBeGreaterThan(0);

    const vicsName = { subject: "vic@acme.test" };
    expect(await codeOf(people.revokeSignIns(vicsName, bearer(vic.access_token)))).toBe("PermissionDenied");
    expect(await codeOf(people.revokeSignIns(vicsName, bearer(gus.access_token)))).toBe("NotFound");
    const ended = await people.revokeSignIns(vicsName, bearer(ann.access_token));
    expect([ended.sessions > 0, ended.apiKeys]).toEqual([true, 1]);
    expect(await refresh(vic.refresh_token)).toMatchObject({ error: "invalid_grant" });
    await overWithin(vic.access_token, 10);
    await overWithin(value, 10);
    expect(await projects(ann.access_token)).toBe("ok");
    expect(await people.revokeSignIns(vicsName, bearer(ann.access_token))).toMatchObject({ sessions: 0, apiKeys: 0 });
    expect(await projects((await signedIn("vic")).access_token)).toBe("ok");
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
      const answer = await fresh()(`${issuer}${path}${method === "POST" ? "" : `?${sent}`}`, {
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
    const metadata = createClient(AuthMetadataService, world.transport);
    expect(await metadata.getOAuth2Metadata({})).toMatchObject({
      authorizationEndpoint: `${issuer}/oauth2/v1/authorize`,
      deviceAuthorizationEndpoint: `${issuer}/oauth2/v1/device_authorization`,
      tokenEndpoint: `${issuer}/oauth2/v1/token`,
      codeChallengeMethodsSupported: ["S256"],
    });
    expect(await metadata.getPublicClientConfig({})).toMatchObject({ clientId: "biplane-cli", redirectUri });
    const document = await (await site(`${issuer}/.well-known/oauth-authorization-server`)).json();
    expect(document).toMatchObject({ code_challenge_methods_supported: ["S256"], issuer });
  });

  it("holds no code, token or address of a person beyond their name, in rows or in the log", async () => {
    const { code, verifier } = await codeFor("ann");
    const tokens = await exchangeCode(code, verifier);
    const rows = await world.store.database.withOrg("acme", (transaction) =>
      transaction.query<{ text: string }>(
        `select t::text as text from biplane.session_secrets t where org = 'acme'
         union all select t::text from biplane.sessions t union all select t::text from biplane.audit_records t`,
      ),
    );
    const everything = [...rows.map(({ text }) => text), ...world.lines].join("\n");
    for (const secret of [code, verifier, tokens.access_token, tokens.refresh_token, login.clientSecret]) {
      expect(everything).not.toContain(secret);
    }
  });

  it("gives an API key of a person what the person has", async () => {
    const ann = await signedIn("ann");
    const keys = createClient(ApiKeyService, world.transport);
    const { value } = await keys.createApiKey({ name: "ci", days: 1 }, bearer(ann.access_token));
    expect(await projects(value)).toBe("ok");
  });
});
