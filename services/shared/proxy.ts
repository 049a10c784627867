/**
 * Passes HTTP requests on, streaming both ways under back-pressure, nothing buffered beyond the streams' own windows.
 * Whatever ends one side ends the other: a client that leaves cancels the request, a lost upstream resets the answer.
 */
import { type ClientHttp2Stream, constants, type OutgoingHttpHeaders } from "node:http2";
import type { Http2SessionManager } from "@connectrpc/connect-node";
import { unavailable } from "./errors.ts";
import { passedHeaders } from "./headers.ts";
import { answerError, type HttpRequest, type HttpResponse } from "./http.ts";
import type { Logger } from "./log.ts";
import { traceparent } from "./served-request.ts";

/** Where requests go: one service's connection, or the tunnels of one cluster. */
export type StreamSource = Pick<Http2SessionManager, "request">;

export interface ProxyOptions {
  to: StreamSource;
  /** Set on the request after the client's own were cleaned; undefined removes. */
  headers?: OutgoingHttpHeaders;
  /** What the client is told when nothing answers, such as "the compute plane cannot be reached". */
  lost: string;
  log: Logger;
}

export async function proxy(request: HttpRequest, response: HttpResponse, options: ProxyOptions): Promise<void> {
  const path = request.url ?? "/";
  const headers = { ...passedHeaders(request.headers), traceparent: traceparent(), ...options.headers };
  let stream: ClientHttp2Stream;
  try {
    stream = await options.to.request(request.method ?? "POST", path, headers, {});
  } catch (error) {
    options.log.warn("no upstream", { path, error });
    answerError(request, response, unavailable(options.lost));
    return;
  }
  if (isGone(request, response)) {
    stream.close(constants.NGHTTP2_CANCEL);
    return;
  }
  join(request, response, stream, options);
}

function join(request: HttpRequest, response: HttpResponse, stream: ClientHttp2Stream, options: ProxyOptions): void {
  let answered = false;
  const cancel = () => {
    if (!answered) stream.close(constants.NGHTTP2_CANCEL);
  };
  request.on("error", cancel);
  request.once("aborted", cancel);
  response.on("error", cancel);
  response.once("close", cancel);
  // A listener that throws would end the process, and what it is given comes from another machine.
  const guarded = (write: () => void) => {
    try {
      write();
    } catch (error) {
      options.log.warn("an answer could not be passed on", { path: request.url, error });
      stream.close(constants.NGHTTP2_CANCEL);
    }
  };
  // Only from then on: over a connection that is no socket of the system, the body may come before this event.
  stream.once("response", (headers) => {
    guarded(() => response.writeHead(headers[":status"] ?? 502, passedHeaders(headers)));
    stream.pipe(response, { end: false });
  });
  stream.once("trailers", (trailers) => guarded(() => response.addTrailers(passedHeaders(trailers))));
  stream.once("end", () => {
    // The end of a reset stream is no answer: "close" below tells.
    if (stream.rstCode !== constants.NGHTTP2_NO_ERROR || !response.headersSent) return;
    answered = true;
    response.end();
  });
  stream.on("error", (error) => options.log.debug("upstream stream failed", { path: request.url, error }));
  stream.once("close", () => {
    request.unpipe(stream);
    if (answered) return;
    if (response.headersSent) reset(response);
    else answerError(request, response, unavailable(options.lost));
  });
  request.pipe(stream);
}

function isGone(request: HttpRequest, response: HttpResponse): boolean {
  return "stream" in request ? request.stream.destroyed : response.destroyed;
}

/** Half an answer must not look whole. */
function reset(response: HttpResponse): void {
  if ("stream" in response && response.stream) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}
