/** The gate as a server: real requests on loopback, a real app behind it, and a region that says what a test wants. */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { AppAccessService, type CheckAccessRequest } from "../../../gen/biplane/apps/v1/access_pb.js";
import { recordingLog } from "../../shared/testing/log.ts";
import { openAccess } from "./access.ts";
import { type Gate, startGate } from "./gate.ts";
import { startApp } from "./testing/app.ts";
import { ask, send, sendRaw } from "./testing/over-http1.ts";

const host = "hello-demo-development.apps.acme.test";
const key = Buffer.from("region.test:acme.k.1:secret-secret-secret:acme").toString("base64");
const bearer = { authorization: `Bearer ${key}` };
const cookie = { cookie: "__Host-biplane-session=good; theirs=1", "sec-fetch-site": "same-origin" };

type Outcome = "allowed" | "signIn" | "forbidden" | "unknown" | "down";
let says: Outcome;
let asked: CheckAccessRequest[];
/** What it waits for before it says that. */
let first: Promise<unknown>;
const region = createRouterTransport(({ service }) => {
  service(AppAccessService, {
    async checkAccess(request) {
      asked.push(request);
      await first;
      if (says === "down") throw new ConnectError("no", Code.Unavailable);
      const known = request.credential.case !== undefined;
      const is = says === "allowed" && !known ? "signIn" : says;
      const value = is === "allowed" ? { subject: "ann@acme.test", kind: "user" } : {};
      return { outcome: { case: is, value } as never, askAgainSeconds: 0, believeSeconds: 1 };
    },
    finishSignIn: () => {
      throw new ConnectError("no", Code.Unauthenticated);
    },
    signOut: () => ({}),
  });
});

let app: Awaited<ReturnType<typeof startApp>>;
let gate: Gate;
let lines: string[];
beforeAll(async () => {
  app = await startApp();
  const recorded = recordingLog();
  lines = recorded.lines;
  gate = await startGate({
    ...{ region, controlPlaneHost: "region.test", appsDomain: "apps.acme.test", gateway: app.url, port: 0, holdMs: 50 },
    log: recorded.log,
  });
});
afterAll(async () => {
  await gate.close(0);
  app.close();
});
beforeEach(() => {
  says = "allowed";
  asked = [];
  first = Promise.resolve();
  app.seen.length = 0;
});
afterEach(() => expect(lines.filter((line) => line.includes(key))).toEqual([]));

describe("a request", () => {
  it("with what counts is passed on whole, and told whose it is", async () => {
    const sent = {
      method: "PUT",
      path: "/a?b=c",
      body: "body",
      headers: { ...bearer, "x-own": "1", "x-biplane-user": "root" },
    };
    const { status, text } = await ask(gate.port, { host, ...sent });
    expect([status, text]).toEqual([200, `app ${host}`]);
    expect(app.seen).toMatchObject([{ method: "PUT", url: "/a?b=c", body: "body", headers: { host, "x-own": "1" } }]);
    expect(app.seen[0]?.headers).toMatchObject({ "x-biplane-user": "ann@acme.test", "x-biplane-user-kind": "user" });
    expect(app.seen[0]?.headers.authorization).toBeUndefined();
    // A slow machine asks again meanwhile.
    expect(asked[0]).toMatchObject({ host, credential: { case: "bearer", value: key } });
  });

  it("of a signed-in page shows the app its own cookies alone", async () => {
    expect((await ask(gate.port, { host, headers: cookie })).status).toBe(200);
    expect(app.seen[0]?.headers.cookie).toBe("theirs=1");
    expect(asked[0]?.credential).toEqual({ case: "session", value: "good" });
  });

  it("that says nothing is refused, or sent to sign in where somebody looks", async () => {
    const program = await ask(gate.port, { host });
    expect([program.status, program.headers["www-authenticate"]]).toEqual([401, 'Bearer realm="apps"']);
    const visit = await ask(gate.port, { host, path: "/a?b", headers: { accept: "text/html" } });
    expect(visit.status).toBe(303);
    const to = new URL(String(visit.headers.location));
    expect(`${to.origin}${to.pathname}`).toBe("https://region.test/oauth2/v1/app-sign-in");
    expect([to.searchParams.get("host"), to.searchParams.get("code_challenge")?.length]).toEqual([host, 43]);
    expect(visit.headers["set-cookie"]?.[0]).toMatch(
      /^__Host-biplane-sign-in-[0-9a-f]{16}=[\w-]{43}\.L2E_Yg; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=600$/,
    );
    expect(app.seen).toEqual([]);
  });

  it.each<[Outcome, number, RegExp]>([
    ["forbidden", 403, /may not reach it/],
    ["unknown", 404, /no app/],
    ["down", 503, /cannot be asked/],
  ])("of which the region says %s is answered %i", async (outcome, status, text) => {
    says = outcome;
    const refused = await ask(gate.port, {
      host: `${outcome}.apps.acme.test`,
      headers: { ...bearer, accept: "text/html" },
    });
    expect([refused.status, refused.headers["cache-control"]]).toEqual([status, "no-store"]);
    expect(refused.text).toMatch(text);
    expect(app.seen).toEqual([]);
  });

  it("with another app's page behind it does not count by its cookie", async () => {
    const headers = { ...cookie, "sec-fetch-site": "same-site", origin: "https://evil.apps.acme.test" };
    const refused = await ask(gate.port, { host, method: "POST", headers, body: "x" });
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining("another site")]);
    expect(asked.map(({ credential }) => credential.case)).toEqual([undefined]);
    expect(app.seen).toEqual([]);
  });

  it.each(["evil.test", "apps.acme.test", "a.b.apps.acme.test", "127.0.0.1"])(
    "for the host %s is nobody's, and the region does not hear of it",
    async (other) => {
      expect((await ask(gate.port, { host: other, headers: bearer })).status).toBe(404);
      expect(asked).toEqual([]);
    },
  );

  it.each<[string, string]>([
    ["an address of another site", `GET http://evil.test/ HTTP/1.1\r\nHost: ${host}\r\n`],
    ["two hosts", `GET / HTTP/1.1\r\nHost: ${host}\r\nHost: evil.test\r\n`],
    ["no host", "GET / HTTP/1.1\r\n"],
    ["two lengths", `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1\r\nContent-Length: 2\r\n`],
    ["a length and chunks", `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n`],
    ["chunks twice said", `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked, identity\r\n`],
    ["a folded header", `GET / HTTP/1.1\r\nHost: ${host}\r\nX-A: 1\r\n folded\r\n`],
    ["a bare line end in a header", `GET / HTTP/1.1\r\nHost: ${host}\r\nX-A: 1\nX-Biplane-User: root\r\n`],
    ["a space before the colon", `GET / HTTP/1.1\r\nHost : ${host}\r\n`],
    ["headers without end", `GET / HTTP/1.1\r\nHost: ${host}\r\nX-A: ${"x".repeat(40_000)}\r\n`],
    ["HTTP/2 in clear", `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n`],
    [
      "a WebSocket with a body",
      `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 4\r\n`,
    ],
    ["CONNECT", `CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}\r\n`],
  ])("with %s comes to no app", async (_what, head) => {
    const text = await sendRaw(gate.port, `${head}Authorization: Bearer ${key}\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n`);
    expect(text === "" || /^HTTP\/1\.1 (4\d\d)/.test(text)).toBe(true);
    expect(app.seen).toEqual([]);
  });
});

describe("an answer", () => {
  it("sets no cookie of the gate's, and is kept by no proxy", async () => {
    const { headers } = await ask(gate.port, { host, path: "/cookies", headers: bearer });
    expect([headers["set-cookie"], headers["cdn-cache-control"]]).toEqual([["theirs=1"], "no-store"]);
  });

  it("is seen as it comes", async () => {
    const response = await send(gate.port, { host, path: "/stream", headers: bearer });
    const [first] = await once(response, "data");
    expect(String(first)).toBe("first\n");
    app.finish();
    expect(String((await once(response, "data"))[0])).toBe("last\n");
  });

  it("waits where nobody takes it", async () => {
    const response = await send(gate.port, { host, path: "/flood", headers: bearer });
    response.pause();
    let before = -1;
    await vi.waitFor(
      () => {
        const now = app.written();
        const stands = now > 0 && now === before;
        before = now;
        expect(stands).toBe(true);
      },
      { timeout: 20_000, interval: 300 },
    );
    expect(app.written()).toBeLessThan(64 * 1024 * 1024);
    response.destroy();
  });

  it("that is cut, or never comes, does not look whole", async () => {
    expect((await ask(gate.port, { host, path: "/cut", headers: bearer })).status).toBe(502);
  });
});

function dial(path = "/", headers: Record<string, string> = bearer) {
  return new WebSocket(`ws://127.0.0.1:${gate.port}${path}`, { headers: { host, ...headers } });
}
const statusOf = async (socket: WebSocket) => {
  socket.on("error", () => undefined);
  const [, response] = await once(socket, "unexpected-response");
  socket.terminate();
  return response.statusCode as number;
};

describe("a WebSocket", () => {
  it("passes both ways, by a bearer or by a page of this host", async () => {
    for (const headers of [bearer, { cookie: cookie.cookie, origin: `https://${host}` }]) {
      const socket = dial("/", headers);
      await once(socket, "open");
      for (const text of ["one", "x".repeat(1_000_000)]) {
        socket.send(text);
        expect(String((await once(socket, "message"))[0])).toBe(text);
      }
      socket.terminate();
    }
    expect(app.seen[0]?.headers).toMatchObject({ host, "x-biplane-user": "ann@acme.test" });
    expect([app.seen[0]?.headers.authorization, app.seen[1]?.headers.cookie]).toEqual([undefined, "theirs=1"]);
  });

  it("is refused as any request is, and where the app refuses it", async () => {
    expect(await statusOf(dial("/", {}))).toBe(401);
    expect(await statusOf(dial("/", { cookie: cookie.cookie, origin: "https://evil.apps.acme.test" }))).toBe(403);
    expect(await statusOf(dial("/", { cookie: cookie.cookie }))).toBe(403);
    expect(await statusOf(dial("/refused"))).toBe(418);
    says = "forbidden";
    expect(await statusOf(dial())).toBe(403);
    expect(app.seen).toEqual([]);
  });

  it("is ended once the caller may no longer reach the app, as a stream is", async () => {
    const socket = dial();
    await once(socket, "open");
    const stream = await send(gate.port, { host, path: "/stream", headers: bearer });
    stream.on("error", () => undefined);
    stream.resume();
    await sleep(200);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    const ended = Promise.all([once(socket, "close"), new Promise((resolve) => stream.once("close", resolve))]);
    says = "forbidden";
    await ended;
    expect(stream.complete).toBe(false);
  });

  it("outlives the region for as long as it said, and no longer", async () => {
    const socket = dial();
    await once(socket, "open");
    says = "down";
    await sleep(300);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    await once(socket, "close");
  });
});

describe("whoever leaves while the region is asked", () => {
  it("is asked about no more, and the app is sent nothing", async () => {
    const answer = Promise.withResolvers<void>();
    first = answer.promise;
    const socket = connect(gate.port, "127.0.0.1");
    socket.write(`GET /left HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${key}\r\n\r\n`);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    socket.destroy();
    await sleep(100);
    answer.resolve();
    // Several times as long as whoever holds a connection is asked about again.
    await sleep(300);
    expect([asked.length, app.seen]).toEqual([1, []]);
  });
});

describe("what the region has said", () => {
  const question = { host, credential: { case: "bearer" as const, value: key }, source: "" };
  const answering = (answers: ({ is: "allowed" | "forbidden"; again: number; believe: number } | "down")[]) => {
    let calls = 0;
    const transport = createRouterTransport(({ service }) => {
      service(AppAccessService, {
        checkAccess() {
          const answer = answers[Math.min(calls++, answers.length - 1)];
          if (!answer || answer === "down") throw new ConnectError("no", Code.Unavailable);
          const outcome = { case: answer.is, value: {} } as never;
          return { outcome, askAgainSeconds: answer.again, believeSeconds: answer.believe };
        },
      });
    });
    let now = 1_000_000;
    const access = openAccess({ region: transport, log: recordingLog().log, now: () => now });
    const check = (more = {}) =>
      access.check({ ...question, ...more }).then(
        ({ is }) => is,
        () => "nobody knows",
      );
    return { check, calls: () => calls, pass: (ms: number) => (now += ms) };
  };

  it("is asked again after its time, by nobody before, and once at a time", async () => {
    const { check, calls, pass } = answering([
      { is: "allowed", again: 10, believe: 45 },
      { is: "forbidden", again: 2, believe: 2 },
    ]);
    expect(await Promise.all([check(), check(), check({ source: "other" })])).toEqual([
      "allowed",
      "allowed",
      "allowed",
    ]);
    pass(9_999);
    expect([await check(), calls()]).toEqual(["allowed", 1]);
    pass(1);
    expect([await check(), calls()]).toEqual(["forbidden", 2]);
  });

  it("holds for one host and one credential", async () => {
    const { check, calls } = answering([{ is: "allowed", again: 10, believe: 45 }]);
    await check();
    await check({ host: "other" });
    await check({ credential: { case: "session", value: key } });
    await check({ credential: { case: undefined } });
    expect(calls()).toBe(4);
  });

  it("is believed in an outage for its time, then nobody is let in", async () => {
    const { check, calls, pass } = answering([{ is: "allowed", again: 10, believe: 45 }, "down"]);
    await check();
    pass(10_000);
    expect([await check(), await check(), calls()]).toEqual(["allowed", "allowed", 2]);
    pass(34_999);
    expect(await check()).toBe("allowed");
    pass(1);
    expect(await check()).toBe("nobody knows");
    expect(await check({ host: "new" })).toBe("nobody knows");
  });
});
