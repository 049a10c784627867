/** Passes an allowed request on to the serving gateway, bytes as they come, both ways; a WebSocket once it is answered. */
import { Agent, request as ask, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { joined } from "../../shared/joined.ts";
import type { Logger } from "../../shared/log.ts";
import { type Forwarded, requestHeaders, responseHeaders } from "./passed.ts";
import { answer } from "./words.ts";

export interface ForwardOptions {
  /** Of the serving gateway, by which the app is found by its host. */
  gateway: URL;
  log: Logger;
}

const lost = "The app cannot be reached at the moment. Try again.";

export function openForward({ gateway, log }: ForwardOptions) {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });
  const { hostname: host, port: given } = gateway;
  const port = given === "" ? 80 : Number(given);
  const asked = (request: IncomingMessage, headers: OutgoingHttpHeaders, by: Agent | false) =>
    ask({ agent: by, host, port, method: request.method, path: request.url, headers, setHost: false });

  function pass(request: IncomingMessage, response: ServerResponse, to: Forwarded): Promise<void> {
    return new Promise((resolve) => {
      const upstream = asked(request, requestHeaders(request.headers, to), agent);
      response.once("close", () => {
        upstream.destroy();
        resolve();
      });
      upstream.once("response", (answered) => {
        response.writeHead(answered.statusCode ?? 502, responseHeaders(answered.headers));
        // What streams is seen as it comes, the head too.
        response.flushHeaders();
        pipeline(answered, response).catch((error: unknown) => log.debug("an answer was cut", { error }));
      });
      upstream.on("error", (error) => failed(response, error, log));
      // An error of either ends the other; the request's own is its client's leaving.
      request.on("error", () => upstream.destroy());
      request.pipe(upstream);
    });
  }

  /** @param head what came behind the request already: the app gets it if it takes the WebSocket, and nobody else does. */
  function upgrade(request: IncomingMessage, response: ServerResponse, head: Buffer, to: Forwarded): Promise<void> {
    return new Promise((resolve) => {
      const near = request.socket;
      const asWebSocket = { ...requestHeaders(request.headers, to), connection: "Upgrade", upgrade: "websocket" };
      const upstream = asked(request, asWebSocket, false);
      near.once("close", () => {
        upstream.destroy();
        resolve();
      });
      upstream.once("response", (answered) => {
        response.writeHead(answered.statusCode ?? 502, { ...responseHeaders(answered.headers), connection: "close" });
        pipeline(answered, response).catch((error: unknown) => log.debug("an answer was cut", { error }));
      });
      upstream.once("upgrade", (answered, far: Socket, farHead) => {
        response.detachSocket(near);
        near.write(switching(responseHeaders(answered.headers)));
        if (farHead.length > 0) near.write(farHead);
        if (head.length > 0) far.write(head);
        void joined(near, far);
      });
      upstream.on("error", (error) => failed(response, error, log));
      upstream.end();
    });
  }

  return { pass, upgrade, close: () => agent.destroy() };
}

function failed(response: ServerResponse, error: Error, log: Logger): void {
  if (response.destroyed) return;
  log.warn("an app could not be reached", { error });
  // Half an answer must not look whole.
  if (response.headersSent) response.destroy();
  else answer(response, 502, lost);
}

function switching(headers: OutgoingHttpHeaders): string {
  const lines = Object.entries({ ...headers, connection: "Upgrade", upgrade: "websocket" }).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => `${name}: ${one}`),
  );
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`;
}
