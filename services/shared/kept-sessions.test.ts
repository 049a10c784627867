import { once } from "node:events";
import { constants, createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport, type Http2SessionManager } from "@connectrpc/connect-node";
import { afterEach, beforeEach, expect, it } from "vitest";
import { AuthorizerService } from "../../gen/biplane/policy/v1/policy_pb.js";
import { KeptSessions } from "./kept-sessions.ts";
import { closeGently, keepAlive } from "./session-life.ts";

const intervalMs = 20;
const patience = { timeout: 20_000, interval: 5 };
let server: Http2Server;
let connections: ServerHttp2Session[];
let url: string;

beforeEach(async () => {
  connections = [];
  server = createServer();
  server.on("session", (session) => connections.push(session));
  server.on("stream", (stream) => {
    stream.respond({ ":status": 200 });
    stream.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  for (const session of connections) session.destroy();
  server.close();
});

async function get(sessions: Http2SessionManager) {
  const stream = await sessions.request("GET", "/", {}, {});
  const { session } = stream;
  stream.resume();
  await once(stream, "close");
  if (!session) throw new Error("a stream without a session");
  return session;
}

/** A busy moment after which the ping's timer is the first to run. */
function holdTheLoop(ms: number): void {
  const until = Date.now() + ms;
  while (Date.now() < until);
}

it("a session destroyed before its ping is due costs a new connection, and nothing else", async () => {
  const sessions = new KeptSessions(url, { intervalMs, timeoutMs: 1_000 }, {});
  const session = await get(sessions);
  const fell: unknown[] = [];
  const hear = (error: unknown) => fell.push(error);
  process.on("uncaughtException", hear);
  try {
    setImmediate(() => {
      session.destroy();
      holdTheLoop(2 * intervalMs);
    });
    await sleep(5 * intervalMs);
    expect(fell).toEqual([]);
    await get(sessions);
    expect(connections).toHaveLength(2);
  } finally {
    process.off("uncaughtException", hear);
    sessions.abort();
  }
});

it("pings an idle connection, and gives it up when nothing answers", async () => {
  let silent = false;
  const between = createTcpServer((near) => {
    const far = connect(Number(new URL(url).port), "127.0.0.1");
    near.pipe(far);
    far.on("data", (bytes) => silent || near.write(bytes));
    near.on("close", () => far.destroy()).on("error", () => far.destroy());
  }).listen(0, "127.0.0.1");
  await once(between, "listening");
  const sessions = new KeptSessions(
    `http://127.0.0.1:${(between.address() as AddressInfo).port}`,
    // Long enough for a machine that is busy: an answer that comes late would end the session too soon.
    { intervalMs, timeoutMs: 1_500 },
    {},
  );
  const session = await get(sessions);
  let pings = 0;
  connections[0]?.on("ping", () => pings++);
  await expect.poll(() => pings, patience).toBeGreaterThan(2);
  silent = true;
  const [error] = (await once(session, "error")) as [Error];
  expect(error).toMatchObject({ code: Code.Unavailable, rawMessage: "no answer to a ping within 1500 ms" });
  sessions.abort();
  between.close();
});

it("tells the calls on a connection that is given up to be tried again", async () => {
  const mute = createTcpServer((near) => near.resume().on("error", () => near.destroy())).listen(0, "127.0.0.1");
  await once(mute, "listening");
  const baseUrl = `http://127.0.0.1:${(mute.address() as AddressInfo).port}`;
  const sessions = new KeptSessions(baseUrl, { intervalMs, timeoutMs: 100 }, {});
  const transport = createConnectTransport({ baseUrl, httpVersion: "2", sessionManager: sessions });
  const call = createClient(AuthorizerService, transport).resolve({});
  await expect(call).rejects.toMatchObject({ code: Code.Unavailable, rawMessage: "no answer to a ping within 100 ms" });
  sessions.abort();
  mute.close();
});

it("moves to a new connection while a server ends the old one, and loses no request", async () => {
  const sessions = new KeptSessions(url, {}, {});
  const outcomes: string[] = [];
  let on = true;
  const caller = async () => {
    while (on) {
      const stream = await sessions.request("GET", "/", {}, {});
      stream.on("error", () => undefined).resume();
      await new Promise((resolve) => stream.once("close", resolve));
      outcomes.push(stream.rstCode === constants.NGHTTP2_NO_ERROR ? "ok" : `code ${stream.rstCode}`);
    }
  };
  const callers = Array.from({ length: 4 }, caller);
  for (let ended = 0; ended < 5; ended++) {
    const enough = outcomes.length + 20;
    await expect.poll(() => outcomes.length, patience).toBeGreaterThan(enough);
    const session = connections.at(-1);
    if (session) closeGently(session);
    await expect.poll(() => session?.destroyed, patience).toBe(true);
  }
  on = false;
  await Promise.all(callers);
  expect(outcomes.filter((outcome) => outcome !== "ok")).toEqual([]);
  expect(connections.length).toBeGreaterThan(4);
  sessions.abort();
});

it.each([
  ["a stranger's error", { ":status": 404 }, 2],
  ["an error of ours", { ":status": 404, "x-biplane-own": "1" }, 1],
  ["an answer without the mark, as older servers give it", { ":status": 200 }, 1],
])("after %s the next request goes by the right connection", async (_what, headers, wanted) => {
  server.removeAllListeners("stream");
  server.on("stream", (stream) => {
    stream.respond(headers);
    stream.end();
  });
  const sessions = new KeptSessions(url, {}, {});
  const first = await get(sessions);
  const second = await get(sessions);
  expect(first === second ? 1 : 2).toBe(wanted);
  sessions.abort();
});

it("lets a long answer end on a connection that is ending, which answers no ping any more", async () => {
  server.removeAllListeners("stream");
  server.on("stream", (stream) => {
    stream.respond({ ":status": 200 });
    stream.write("begun");
    setTimeout(() => stream.end(" and ended"), 600);
  });
  const sessions = new KeptSessions(url, { intervalMs, timeoutMs: 5_000 }, {});
  const stream = await sessions.request("GET", "/", {}, {});
  let text = "";
  stream.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  stream.on("error", () => undefined);
  await expect.poll(() => text).toBe("begun");
  for (const session of connections) {
    keepAlive(session, { intervalMs, timeoutMs: 5_000 });
    closeGently(session);
  }
  await new Promise((resolve) => stream.once("close", resolve));
  expect(text).toBe("begun and ended");
  sessions.abort();
});
