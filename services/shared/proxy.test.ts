import { once } from "node:events";
import { Agent, request as httpRequest } from "node:http";
import { connect, constants, type ServerHttp2Stream } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { upstream } from "./client.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "./http.ts";
import { proxy } from "./proxy.ts";
import { startServer } from "./server.ts";
import { recordingLog } from "./testing/log.ts";

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

/** A backend and a proxy before it. @returns a session to the proxy. */
async function line(backend: HttpHandler) {
  const { log } = recordingLog();
  const behind = await startServer({ port: 0, handler: backend, log });
  const to = upstream(`http://127.0.0.1:${behind.port}`);
  const front = await startServer({
    port: 0,
    handler: (request, response) =>
      proxy(request, response, { to: to.sessions, headers: { "x-set": "here" }, lost: "gone", log }),
    log,
  });
  const session = connect(`http://127.0.0.1:${front.port}`);
  undo.push(
    () => behind.close(0),
    () => to.close(),
    () => front.close(0),
    () => session.destroy(),
  );
  return { session, behind, log };
}

const streamOf = (request: HttpRequest): ServerHttp2Stream => {
  if ("stream" in request) return request.stream;
  throw new Error("HTTP/2 was expected");
};

async function answerOf(stream: ReturnType<ReturnType<typeof connect>["request"]>) {
  const [headers] = await once(stream, "response");
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return { headers, body: Buffer.concat(chunks).toString() };
}

it("passes method, path, headers, body, status and answer", async () => {
  const { session } = await line(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.writeHead(418, { "x-back": "yes", "content-type": "text/plain" });
    response.end(`${request.method} ${request.url} ${request.headers["x-set"]} ${Buffer.concat(chunks)}`);
  });
  const stream = session.request({ ":method": "PUT", ":path": "/a?b=c", "x-set": "forged" });
  stream.end("body");
  const { headers, body } = await answerOf(stream);
  expect(body).toBe("PUT /a?b=c here body");
  expect([headers[":status"], headers["x-back"]]).toEqual([418, "yes"]);
});

it("takes HTTP/1.1 in", async () => {
  const { log } = recordingLog();
  const { behind } = await line((request, response) => {
    response.writeHead(200, { "content-type": "text/plain" });
    response.end(`${request.httpVersion} ${request.headers.connection}`);
  });
  const to = upstream(`http://127.0.0.1:${behind.port}`);
  const { createServer } = await import("node:http");
  const front = createServer((request, response) =>
    proxy(request, response, { to: to.sessions, lost: "gone", log }),
  ).listen(0);
  undo.push(
    () => to.close(),
    () => void front.close(),
  );
  const address = front.address();
  const port = typeof address === "object" ? address?.port : 0;
  const text = await new Promise((resolve) => {
    httpRequest({ port, agent: new Agent({ keepAlive: false }) }, (response) => {
      response.setEncoding("utf8").once("data", resolve);
    }).end();
  });
  expect(text).toBe("2.0 undefined");
});

it("passes each part of a stream as it comes, both ways at once", async () => {
  const { session } = await line((request, response) => {
    response.writeHead(200);
    request.on("data", (chunk: Buffer) => response.write(`echo ${chunk}`));
    request.on("end", () => response.end());
  });
  const stream = session.request({ ":method": "POST", ":path": "/" });
  stream.setEncoding("utf8");
  for (const part of ["one", "two"]) {
    stream.write(part);
    expect((await once(stream, "data"))[0]).toBe(`echo ${part}`);
  }
  stream.end();
  await once(stream, "end");
});

it("cancels the request behind it when the client leaves", async () => {
  const codes: number[] = [];
  const { session } = await line((request, response) => {
    response.writeHead(200);
    response.write("x");
    streamOf(request).once("close", () => codes.push(streamOf(request).rstCode));
  });
  const stream = session.request({ ":method": "POST", ":path": "/" });
  await once(stream, "data");
  stream.close(constants.NGHTTP2_CANCEL);
  await expect.poll(() => codes).toEqual([constants.NGHTTP2_CANCEL]);
});

it("resets an answer that its server broke off, so that half of it does not look whole", async () => {
  const { session } = await line((request, response) => {
    response.writeHead(200);
    response.write("half");
    setTimeout(() => streamOf(request).close(constants.NGHTTP2_INTERNAL_ERROR), 50);
  });
  const stream = session.request({ ":method": "GET", ":path": "/" });
  stream.resume();
  await expect(once(stream, "end")).rejects.toThrow(/INTERNAL_ERROR/);
});

it.each([
  ["application/proto", 503, '{"code":"unavailable","message":"gone"}'],
  ["application/connect+proto", 200, '{"error":{"code":"unavailable","message":"gone"}}'],
])("answers %s with Connect's own error when nobody is behind it", async (type, status, text) => {
  const { session, behind } = await line((_request, response) => void response.end());
  await behind.close(0);
  const stream = session.request({ ":method": "POST", ":path": "/", "content-type": type });
  stream.end("x");
  const { headers, body } = await answerOf(stream);
  expect(headers[":status"]).toBe(status);
  expect(body.slice(body.indexOf("{"))).toBe(text);
});

it("reads no faster than the client does", async () => {
  let written = 0;
  const { session } = await line(async (_request, response: HttpResponse) => {
    response.writeHead(200);
    for (const chunk = Buffer.alloc(64 * 1024); written < 1_000; written++) {
      if (!response.write(chunk)) await new Promise<void>((resolve) => response.once("drain", () => resolve()));
    }
    response.end();
  });
  const stream = session.request({ ":method": "GET", ":path": "/" });
  await once(stream, "response");
  await sleep(500);
  // 62 MiB are on offer. What is under way fits into the windows of two hops.
  expect(written).toBeLessThan(100);
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.length;
  expect(bytes).toBe(1_000 * 64 * 1024);
});
