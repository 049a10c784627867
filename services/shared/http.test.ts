import { once } from "node:events";
import { type ClientHttp2Session, connect, constants, createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { unavailable } from "./errors.ts";
import { answerError, type HttpHandler, safely } from "./http.ts";
import { recordingLog } from "./testing/log.ts";

let server: Http2Server | undefined;
let session: ClientHttp2Session | undefined;
afterEach(() => {
  session?.destroy();
  server?.close();
});

/** With little memory for either end's session, so that what is lost of it shows soon. */
async function line(handler: HttpHandler, clientsMegabytes = 4): Promise<ClientHttp2Session> {
  server = createServer({ maxSessionMemory: 1 }, safely(handler, recordingLog().log)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  session = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: clientsMegabytes });
  return session;
}

/** @returns how the stream ended: "200", or the name of its reset. */
async function post(on: ClientHttp2Session, body: Buffer): Promise<string> {
  const stream = on.request({ ":method": "POST", ":path": "/" });
  let status = 0;
  stream.once("response", (headers) => {
    status = headers[":status"] ?? 0;
  });
  stream.on("error", () => undefined).resume();
  stream.end(body);
  await once(stream, "close");
  return stream.rstCode === constants.NGHTTP2_NO_ERROR ? String(status) : `${stream.rstCode}`;
}

it.each<[how: string, handler: HttpHandler]>([
  ["before it was looked at", (request, response) => answerError(request, response, unavailable("no upstream"))],
  [
    "in its midst",
    (request, response) => {
      request.once("data", () => {
        request.pause();
        answerError(request, response, unavailable("the upstream is lost"));
      });
    },
  ],
])("a request that is answered %s costs the connection nothing", async (_how, handler) => {
  const on = await line(handler);
  const body = Buffer.alloc(3 * 1024 * 1024);
  const outcomes = new Set<string>();
  for (let sent = 0; sent < 20; sent++) outcomes.add(await post(on, body));
  expect([...outcomes]).toEqual(["503"]);
});

it("one that never ends after its answer is cut", async () => {
  const on = await line((request, response) => answerError(request, response, unavailable("no upstream")), 100);
  expect(await post(on, Buffer.alloc(40 * 1024 * 1024))).toBe(String(constants.NGHTTP2_CANCEL));
});
