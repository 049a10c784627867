/** A person's browser and a program at an app: the gate, a region with its database and provider, and a real app behind. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createClient, type Transport } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { ApiKeyService, PeopleService } from "../gen/biplane/identity/v1/identity_pb.js";
import { AppService } from "../gen/flyteidl2/app/app_service_pb.js";
import { tellPlane } from "./control/store/app-reports.ts";
import { type Gate, startGate } from "./data/appgate/gate.ts";
import { startApp } from "./data/appgate/testing/app.ts";
import { ask, overHttp1 } from "./data/appgate/testing/over-http1.ts";
import { recordingLog } from "./shared/testing/log.ts";
import { until } from "./shared/testing/until.ts";
import { openBrowser } from "./testing/browser.ts";
import { bearer, issuer, type PeopleWorld, passLogin, startPeopleWorld } from "./testing/people-world.ts";

const domain = "apps.acme.test";
const hello = `hello-demo-development.${domain}`;
const secret = `hello-secret-production.${domain}`;
const open = `open-demo-development.${domain}`;

let people: PeopleWorld;
let app: Awaited<ReturnType<typeof startApp>>;
let gate: Gate;
let lines: string[];
let admin: ReturnType<typeof bearer>;

beforeAll(async () => {
  [people, app] = await Promise.all([startPeopleWorld(), startApp()]);
  admin = bearer(await people.region.signIn("acme-admin"));
  await tellPlane(people.region.store.database, "acme", "c1", domain);
  const recorded = recordingLog();
  lines = recorded.lines;
  const region = asPlane(people.region.inside.actions, (await people.region.asPlane("acme", "c1")).headers);
  const controlPlaneHost = new URL(issuer).host;
  gate = await startGate({
    ...{ region, controlPlaneHost, appsDomain: domain, gateway: app.url, port: 0, holdMs: 200, log: recorded.log },
  });
  const deploy = (project: string, at: string, name: string, allowAnonymous = false) => {
    const payload = { case: "container" as const, value: { image: "i" } };
    const id = { org: "acme", project, domain: at, name };
    const spec = { appPayload: payload, securityContext: { allowAnonymous } };
    return createClient(AppService, people.region.transport).create({ app: { metadata: { id }, spec } }, admin);
  };
  await deploy("demo", "development", "hello");
  await deploy("secret", "production", "hello");
  await deploy("demo", "development", "open", true);
});
afterAll(async () => {
  await gate?.close(0);
  app?.close();
  await people?.stop();
});
beforeEach(() => {
  app.seen.length = 0;
});

/** As the tunnel does it by its certificate. */
function asPlane(region: Transport, headers: Record<string, string>): Transport {
  return {
    unary: (method, signal, timeoutMs, header, ...rest) =>
      region.unary(method, signal, timeoutMs, { ...Object.fromEntries(new Headers(header)), ...headers }, ...rest),
    stream: (...asked) => region.stream(...asked),
  };
}

const with_ = (value: string) => ({ authorization: `Bearer ${value}` });
const get = (host: string, headers: Record<string, string> = {}) => ask(gate.port, { host, headers });

function visitor() {
  const sites = Object.fromEntries([hello, secret, open].map((host) => [`https://${host}`, overHttp1(gate.port)]));
  return openBrowser({ ...sites, [issuer]: people.site, [people.login.issuer]: people.login.fetch });
}

async function signedIn(who: string, host = hello, path = "/a?b=c") {
  const browser = visitor();
  const page = await passLogin(browser, await browser.open(`https://${host}${path}`), who);
  return { browser, page };
}

function sessionOf(browser: ReturnType<typeof openBrowser>, host = hello) {
  return browser.cookies.get(`https://${host}`)?.get("__Host-biplane-session") ?? "";
}
const cookie = (value: string) => ({ cookie: `__Host-biplane-session=${value}`, "sec-fetch-site": "same-origin" });

async function keyOf(application: string) {
  const as = bearer(await people.region.signIn(application));
  const name = `k${randomBytes(4).toString("hex")}`;
  return createClient(ApiKeyService, people.region.transport).createApiKey({ name, days: 1 }, as);
}

describe("a program", () => {
  it("is refused without a credential, and answered with a token or an API key", async () => {
    expect((await get(hello)).status).toBe(401);
    expect(app.seen).toEqual([]);
    const { value } = await keyOf("acme-viewer");
    for (const credential of [await people.region.signIn("acme-viewer"), value]) {
      expect(await get(hello, with_(credential))).toMatchObject({ status: 200, text: `app ${hello}` });
    }
    const users = app.seen.map(({ headers }) => [headers["x-biplane-user"], headers.authorization]);
    expect(users).toEqual([
      ["acme-viewer", undefined],
      ["acme-viewer", undefined],
    ]);
  });

  it("of project A does not reach an app of project B", async () => {
    const contributor = with_(await people.region.signIn("acme-contributor"));
    expect([(await get(hello, contributor)).status, (await get(secret, contributor)).status]).toEqual([200, 403]);
    expect(app.seen.map(({ headers }) => headers.host)).toEqual([hello]);
  });

  it("of another organisation, or whose key is revoked, is refused as one who says nothing", async () => {
    expect((await get(hello, with_(await people.region.signIn("globex-admin")))).status).toBe(401);
    const { key, value } = await keyOf("acme-viewer");
    const as = bearer(await people.region.signIn("acme-viewer"));
    expect((await get(hello, with_(value))).status).toBe(200);
    const socket = new WebSocket(`ws://127.0.0.1:${gate.port}/`, { headers: { host: hello, ...with_(value) } });
    await once(socket, "open");
    const ended = once(socket, "close");
    await createClient(ApiKeyService, people.region.transport).revokeApiKey({ keyId: key?.keyId ?? "" }, as);
    await until(async () => (await get(hello, with_(value))).status === 401, 30_000);
    await ended;
  });

  it("speaks to an app by WebSocket, and to no other's", async () => {
    const viewer = with_(await people.region.signIn("acme-contributor"));
    const socket = new WebSocket(`ws://127.0.0.1:${gate.port}/`, { headers: { host: hello, ...viewer } });
    await once(socket, "open");
    socket.send("hello");
    expect(String((await once(socket, "message"))[0])).toBe("hello");
    socket.terminate();
    const other = new WebSocket(`ws://127.0.0.1:${gate.port}/`, { headers: { host: secret, ...viewer } });
    other.on("error", () => undefined);
    expect((await once(other, "unexpected-response"))[1].statusCode).toBe(403);
    other.terminate();
  });

  it("reaches only the app that is open on purpose without one", async () => {
    expect([(await get(open)).status, (await get(hello)).status, (await get(secret)).status]).toEqual([200, 401, 401]);
    expect((await get(`absent-demo-development.${domain}`)).status).toBe(401);
    expect(app.seen[0]?.headers["x-biplane-user"]).toBeUndefined();
  });
});

describe("a browser", () => {
  it("is led to the provider and back to where it wanted to go, with a session of this app alone", async () => {
    const { browser, page } = await signedIn("vic");
    expect([page.status, page.url.href, page.text]).toEqual([200, `https://${hello}/a?b=c`, `app ${hello}`]);
    expect(app.seen.at(-1)?.headers).toMatchObject({
      "x-biplane-user": "vic@acme.test",
      "x-biplane-user-kind": "user",
    });
    expect(app.seen.at(-1)?.headers.cookie).toBeUndefined();
    expect([...(browser.cookies.get(`https://${hello}`) ?? new Map()).keys()]).toEqual(["__Host-biplane-session"]);
    expect((await browser.open(`https://${hello}/again`)).status).toBe(200);
    const session = sessionOf(browser);
    expect((await get(hello, cookie(session))).status).toBe(200);
    expect((await get(secret, cookie(session))).status).toBe(401);
    expect(await people.projects(session)).toBe("Unauthenticated");
    expect(lines.join("\n").includes(session)).toBe(false);
  });

  it.each([
    ["forged", () => randomBytes(32).toString("base64url")],
    ["empty", () => ""],
    ["of another form", () => "a.b.c"],
  ])("with a %s cookie has none", async (_what, value) => {
    expect((await get(hello, cookie(value()))).status).toBe(401);
    expect(app.seen).toEqual([]);
  });

  it("that did not begin a sign-in cannot end it, and nobody twice", async () => {
    const began = visitor();
    const stopped = openBrowser({ [issuer]: people.site, [people.login.issuer]: people.login.fetch });
    const first = await began.open(`https://${hello}/`);
    for (const [origin, jar] of began.cookies)
      if (origin !== `https://${hello}`) stopped.cookies.set(origin, new Map(jar));
    const back = (await passLogin(stopped, first, "vic")).url;
    expect(`${back.origin}${back.pathname}`).toBe(`https://${hello}/.biplane/signed-in`);
    const stranger = await visitor().open(back);
    expect([stranger.status, stranger.text]).toEqual([400, expect.stringContaining("not this browser's")]);
    const kept = new Map(began.cookies.get(`https://${hello}`));
    expect((await began.open(back)).status).toBe(200);
    const session = sessionOf(began);
    began.cookies.set(`https://${hello}`, kept);
    expect((await began.open(back)).status).toBe(403);
    // The code was shown twice: what came of it may be in other hands.
    await until(async () => (await get(hello, cookie(session))).status === 401, 30_000);
  });

  it("of another organisation's person comes back with nothing", async () => {
    const { browser, page } = await signedIn("gus");
    expect([page.status, page.url.origin, sessionOf(browser)]).toEqual([403, issuer, ""]);
  });

  it("is out once it signs out, or an administrator ends its sessions", async () => {
    const { browser } = await signedIn("vic");
    const session = sessionOf(browser);
    const signOut = (headers: Record<string, string>) =>
      ask(gate.port, {
        host: hello,
        path: "/.biplane/sign-out",
        method: "POST",
        headers: { ...cookie(session), ...headers },
      });
    expect((await signOut({ "sec-fetch-site": "same-site", origin: `https://${open}` })).status).toBe(405);
    expect((await get(hello, cookie(session))).status).toBe(200);
    expect(await signOut({})).toMatchObject({ status: 200 });
    await until(async () => (await get(hello, cookie(session))).status === 401, 30_000);
    const next = sessionOf((await signedIn("vic")).browser);
    expect((await get(hello, cookie(next))).status).toBe(200);
    await createClient(PeopleService, people.region.transport).revokeSignIns({ subject: "vic@acme.test" }, admin);
    await until(async () => (await get(hello, cookie(next))).status === 401, 30_000);
  });
});
