/** The console before services that are only made up: what it asks of whom, and what it makes of each answer. */
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ProjectService } from "../../../gen/flyteidl2/project/project_service_pb.js";
import { tokenVerifier } from "../../shared/auth/verifier.ts";
import { type Upstream, upstream } from "../../shared/client.ts";
import { unauthenticated } from "../../shared/errors.ts";
import { answerJson, pathOf } from "../../shared/http.ts";
import { type Server, startServer } from "../../shared/server.ts";
import { type TestIssuer, testIssuer } from "../../shared/testing/issuer.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { openBrowser, overHttp2 } from "../../testing/browser.ts";
import { readForm } from "../identity/forms.ts";
import { consolePages } from "./handler.ts";

const issuer = "https://region.biplane.test";
const { log } = recordingLog();
let tokens: TestIssuer;
let servers: Server[];
let upstreams: Upstream[];
let site: typeof fetch;

/** What Identity answers next, and what it was asked. */
let answer: { status: number; body: unknown };
let asked: [path: string, form: Record<string, string>][];
/** What ProjectService throws next, and by whose token it was asked. */
let failing: Error | undefined;
let callers: (string | null)[];
const revoked = new Set<string>();

beforeAll(async () => {
  tokens = await testIssuer(issuer);
  const identity = await startServer({
    ...{ port: 0, log },
    async handler(request, response) {
      asked.push([pathOf(request), Object.fromEntries((await readForm(request)) ?? [])]);
      answerJson(response, answer.status, answer.body);
    },
  });
  const toIdentity = upstream(`http://127.0.0.1:${identity.port}`);
  const runs = createRouterTransport(({ service }) => {
    service(ProjectService, {
      listProjects(_request, context) {
        callers.push(context.requestHeader.get("authorization"));
        if (failing) throw failing;
        return { projects: { projects: [{ id: "demo", domains: [{ id: "development" }] }] } };
      },
    });
  });
  const pages = consolePages({
    ...{ issuer, identity: toIdentity.sessions, runs, log, verify: tokenVerifier([tokens.trusted]) },
    async authorize({ session = "" }) {
      if (revoked.has(session)) throw unauthenticated("the session is over");
      return { grants: [] };
    },
  });
  const front = await startServer({
    ...{ port: 0, log },
    handler: (request, response) => pages(pathOf(request))?.(request, response) ?? answerJson(response, 501, {}),
  });
  const toFront = upstream(`http://127.0.0.1:${front.port}`);
  site = overHttp2(toFront.sessions, {});
  [servers, upstreams] = [
    [front, identity],
    [toFront, toIdentity],
  ];
});
beforeEach(() => {
  [answer, asked, failing, callers] = [{ status: 500, body: {} }, [], undefined, []];
});
afterAll(async () => {
  for (const one of upstreams) one.close();
  for (const server of servers) await server.close(0);
});

const person = (claims: Record<string, unknown> = {}) => tokens.token({ kind: "user", sid: "s-1", ...claims });
const get = (path: string, cookie = "", headers: Record<string, string> = {}) =>
  site(issuer + path, { headers: { ...headers, cookie } });
const cookieFor = (token: string) => `__Host-biplane-console=${token}`;
const visit = async (path: string, token: string) => get(path, cookieFor(token));
const pairsOf = (answered: Response) => answered.headers.getSetCookie().map((line) => line.split(";", 1)[0] ?? "");

describe("who has no session", () => {
  it("is sent to the authorization endpoint, with a state and a challenge of this browser's", async () => {
    const sent = await get("/v2/domain/development/project/demo");
    expect([sent.status, sent.headers.get("cache-control")]).toEqual([302, "no-store"]);
    const to = new URL(sent.headers.get("location") ?? "");
    expect(to.origin + to.pathname).toBe(`${issuer}/oauth2/v1/authorize`);
    expect(Object.fromEntries(to.searchParams)).toEqual({
      ...{ response_type: "code", client_id: "biplane-console", scope: "all", code_challenge_method: "S256" },
      redirect_uri: `${issuer}/console/signed-in`,
      state: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(sent.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-biplane-console-sign-in-\S+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=600$/,
      ),
    ]);
    expect(callers).toEqual([]);
  });

  it.each([
    ["an expired token", () => person({ exp: 1 })],
    ["a token that was changed", async () => (await person()).replace(/[^.]+$/, (s) => [...s].reverse().join(""))],
    ["a token of nobody who came by a browser", () => tokens.token()],
    ["no token at all", async () => "x"],
    ["a session that was ended", () => person({ sid: "ended" })],
  ])("is whoever shows %s", async (_what, token) => {
    revoked.add("ended");
    expect((await visit("/", await token())).status).toBe(302);
    expect(callers).toEqual([]);
  });

  it("is whoever shows a token where the services look for it, and not in the cookie", async () => {
    expect((await get("/", "", { authorization: `Bearer ${await person()}` })).status).toBe(302);
  });
});

describe("who has a session", () => {
  it("is shown what the services say to their own token", async () => {
    const token = await person();
    const page = await visit("/", token);
    expect([page.status, await page.text()]).toEqual([
      200,
      expect.stringContaining("/v2/domain/development/project/demo"),
    ]);
    expect(callers).toEqual([`Bearer ${token}`]);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'; style-src 'sha256-");
    expect(page.headers.getSetCookie()).toEqual([]);
  });

  it.each([
    [new ConnectError("not <yours>", Code.PermissionDenied), 403, "not &lt;yours&gt;"],
    [new ConnectError("the run x does not exist", Code.NotFound), 404, "the run x does not exist"],
    [new ConnectError("token: allowed: another", Code.InvalidArgument), 400, "allowed: another"],
    [new ConnectError("down at 10.0.0.1", Code.Unavailable), 503, "cannot be reached"],
    [new Error("a secret of ours"), 503, "cannot be reached"],
    [new ConnectError("the session is over", Code.Unauthenticated), 302, ""],
  ])("is told %s by %i", async (error, status, text) => {
    failing = error;
    const page = await visit("/", await person());
    const shown = await page.text();
    expect([page.status, shown]).toEqual([status, expect.stringContaining(text)]);
    expect(shown).not.toMatch(/10\.0\.0\.1|secret/);
  });

  it.each([
    ["POST", "/", 405, "GET"],
    ["DELETE", "/v2/domain/development/project/demo/runs/x", 405, "GET"],
    ["GET", "/console/else", 404, null],
    ["GET", "/console/sign-out", 405, "POST"],
  ])("is answered %s %s by %i", async (method, path, status, allow) => {
    const headers = { cookie: cookieFor(await person()), origin: issuer };
    const page = await site(issuer + path, { method, headers });
    expect([page.status, page.headers.get("allow")]).toEqual([status, allow]);
    expect([callers, asked]).toEqual([[], []]);
  });
});

describe("who comes back", () => {
  async function begun(path = "/") {
    const sent = await get(path);
    const state = new URL(sent.headers.get("location") ?? "").searchParams.get("state");
    const back = (more = `&iss=${issuer}`) =>
      get(`/console/signed-in?code=c-1&state=${state}${more}`, pairsOf(sent)[0]);
    return { state, back, cookie: pairsOf(sent)[0] ?? "" };
  }

  it("has a session by the code's exchange alone, and goes on to what they wanted", async () => {
    const token = await person();
    answer = { status: 200, body: { access_token: token, expires_in: 900 } };
    const { back, cookie } = await begun("/v2/domain/a/project/b");
    const made = await back();
    expect([made.status, made.headers.get("location")]).toEqual([303, "/v2/domain/a/project/b"]);
    const [over, session] = made.headers.getSetCookie();
    expect(session).toBe(`${cookieFor(token)}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=900`);
    expect(over).toMatch(new RegExp(`^${cookie.split("=", 1)[0]}=; .*Max-Age=0$`));
    expect(asked).toEqual([
      [
        "/oauth2/v1/token",
        {
          ...{ client_id: "biplane-console", grant_type: "authorization_code", code: "c-1" },
          ...{ redirect_uri: `${issuer}/console/signed-in`, code_verifier: cookie.split("=")[1]?.split(".")[0] },
        },
      ],
    ]);
  });

  it.each([
    ["the code is refused", async () => ({ status: 400, body: { error: "invalid_grant" } }), 403],
    ["Identity fails", async () => ({ status: 500, body: {} }), 503],
    ["Identity gives no token", async () => ({ status: 200, body: {} }), 503],
    ["the token is nobody's", async () => ({ status: 200, body: { access_token: "x", expires_in: 900 } }), 403],
    [
      "the session is over already",
      async () => ({ status: 200, body: { access_token: await person({ sid: "over" }), expires_in: 900 } }),
      403,
    ],
  ])("has none where %s", async (_what, made, status) => {
    revoked.add("over");
    answer = await made();
    const page = await (await begun()).back();
    expect([page.status, pairsOf(page).filter((pair) => pair.startsWith("__Host-biplane-console="))]).toEqual([
      status,
      [],
    ]);
  });

  it("has none by another server's answer, or none at all", async () => {
    const { back, state, cookie } = await begun();
    expect((await back("&iss=https://other.test")).status).toBe(400);
    expect((await back("")).status).toBe(400);
    expect((await get(`/console/signed-in?code=c-1&state=${state}&iss=${issuer}`)).status).toBe(400);
    expect((await get(`/console/signed-in?code=c-1&state=x&iss=${issuer}`, cookie)).status).toBe(400);
    expect(asked).toEqual([]);
    const refused = await get(`/console/signed-in?error=access_denied&state=${state}&iss=${issuer}`, cookie);
    expect([refused.status, asked]).toEqual([403, []]);
  });
});

describe("signing out", () => {
  const post = (cookie: string, headers: Record<string, string>) =>
    site(`${issuer}/console/sign-out`, { method: "POST", headers: { ...headers, cookie } });

  it("ends the session in the region, and the cookie", async () => {
    answer = { status: 200, body: {} };
    const token = await person();
    const page = await post(cookieFor(token), { origin: issuer, "sec-fetch-site": "same-origin" });
    expect([page.status, page.headers.getSetCookie()]).toEqual([
      200,
      [expect.stringMatching(/^__Host-biplane-console=; .*Max-Age=0$/)],
    ]);
    expect(asked).toEqual([["/oauth2/v1/revoke", { client_id: "biplane-console", token }]]);
  });

  it.each([
    ["another site's page", { origin: "https://apps.biplane.test", "sec-fetch-site": "same-site" }],
    ["nowhere", {}],
  ])("is not done by a form of %s", async (_what, headers) => {
    const page = await post(cookieFor(await person()), headers as Record<string, string>);
    expect([page.status, page.headers.getSetCookie(), asked]).toEqual([405, [], []]);
  });

  it("keeps the cookie where the session could not be ended", async () => {
    const page = await post(cookieFor(await person()), { origin: issuer });
    expect([page.status, page.headers.getSetCookie()]).toEqual([503, []]);
  });

  it("is a form that a page has, as a browser sends it", async () => {
    answer = { status: 200, body: {} };
    const signedIn: typeof fetch = (url, init) =>
      site(url, { ...init, headers: { ...Object.fromEntries(new Headers(init?.headers)), origin: issuer } });
    const browser = openBrowser({ [issuer]: signedIn });
    browser.cookies.set(issuer, new Map([["__Host-biplane-console", await person()]]));
    const page = await browser.submit(await browser.open(`${issuer}/`), {});
    expect([page.status, page.text, [...(browser.cookies.get(issuer) ?? [])]]).toEqual([
      ...[200, expect.stringContaining("Signed out")],
      [],
    ]);
  });
});
