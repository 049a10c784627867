/** The two HTTP versions of Node behind one pair of types, and answers in the form that Connect clients read. */

import type { IncomingMessage } from "node:http";
import { constants, type Http2ServerRequest } from "node:http2";
import type { ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import {
  codeToHttpStatus,
  codeToString,
  createEndStreamSerialization,
  endStreamFlag,
  errorToJsonBytes,
} from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import type { universalResponseToNodeResponse } from "@connectrpc/connect-node";
import { toConnectError } from "./errors.ts";
import { ownAnswerHeader } from "./headers.ts";
import { maxMessageBytes } from "./limits.ts";
import type { Logger } from "./log.ts";
import { noteCode } from "./served-request.ts";

export type HttpRequest = IncomingMessage | Http2ServerRequest;
export type HttpResponse = Parameters<typeof universalResponseToNodeResponse>[1];
/** What it throws, at once or later, is answered as an internal error. */
export type HttpHandler = (request: HttpRequest, response: HttpResponse) => void | Promise<void>;

/** A handler for Node's servers, which a throwing one would otherwise bring down. */
export function safely(handler: HttpHandler, log: Logger) {
  return async (request: HttpRequest, response: HttpResponse): Promise<void> => {
    if ("stream" in request) request.stream.once("finish", () => takeTheRest(request));
    try {
      response.setHeader(ownAnswerHeader, "1");
      await handler(request, response);
    } catch (error) {
      answerError(request, response, toConnectError(error, log));
    }
  };
}

/**
 * What still comes of a request after its answer: taken and thrown away, up to a message's size. Otherwise the client's
 * body waits for ever on a stream that nobody reads, or Node closes the stream under it; either way what the client had
 * queued counts as memory of its session for good, and soon all its requests end by ENHANCE_YOUR_CALM (Node 20 and 24).
 */
function takeTheRest(request: Http2ServerRequest): void {
  let left = maxMessageBytes;
  request.stream.on("data", (chunk: Buffer) => {
    left -= chunk.byteLength;
    if (left < 0) request.stream.close(constants.NGHTTP2_CANCEL);
  });
  request.resume();
}

export function pathOf(request: HttpRequest): string {
  return request.url?.split("?", 1)[0] ?? "";
}

/** Does nothing once an answer has begun. */
export function answerError(request: HttpRequest, response: HttpResponse, error: ConnectError): void {
  if (response.headersSent || response.writableEnded) return;
  noteCode(codeToString(error.code));
  const type = request.headers["content-type"] ?? "";
  if (type.startsWith("application/grpc-web")) {
    // Without a body the error stands in the head: "trailers only", as the protocol calls it.
    answer(response, 200, type, new Uint8Array(), Object.fromEntries(setTrailerStatus(new Headers(), error)));
    return;
  }
  if (!type.startsWith("application/connect+")) {
    answer(response, codeToHttpStatus(error.code), "application/json", errorToJsonBytes(error, undefined));
    return;
  }
  // Streams carry their error in the last envelope, under HTTP status 200; a bare status would lose the message.
  const end = createEndStreamSerialization(undefined).serialize({ metadata: new Headers(), error });
  answer(response, 200, type, encodeEnvelope(endStreamFlag, end));
}

export function answerJson(response: HttpResponse, status: number, body: unknown): void {
  answer(response, status, "application/json", new TextEncoder().encode(JSON.stringify(body)));
}

function answer(
  response: HttpResponse,
  status: number,
  type: string,
  body: Uint8Array,
  more: Record<string, string> = {},
): void {
  response.writeHead(status, {
    ...more,
    "content-type": type,
    "content-length": String(body.byteLength),
    "cache-control": "no-store",
  });
  response.end(body);
}
