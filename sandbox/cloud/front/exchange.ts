/** Requests and answers of either HTTP version, their headers without what belongs to one connection only. */
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Readable } from "node:stream";

export type FrontRequest = IncomingMessage | Http2ServerRequest;
export type FrontResponse = ServerResponse | Http2ServerResponse;

/** `expect` too: Node has answered it already. */
const connectionHeaders = new Set([
  "connection",
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** A body larger than was allowed for. */
export class TooLarge extends Error {}

/** Path and query as sent. Not `new URL`: a path that begins with two slashes would be taken for a host. */
export function splitTarget(target = "/"): { path: string; query: URLSearchParams } {
  const [path = "/", ...query] = target.split("?");
  return { path, query: new URLSearchParams(query.join("?")) };
}

export function hostOf(request: FrontRequest): string {
  return request.headers.host ?? String(request.headers[":authority"] ?? "");
}

/** Headers to pass on, `host` as the client sent it: signatures cover it. */
export function forwardedHeaders(request: FrontRequest): OutgoingHttpHeaders {
  return { ...endToEnd(request.headers), host: hostOf(request) };
}

export function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !connectionHeaders.has(name) && !name.startsWith(":")),
  );
}

/** Of the headers that a signature may cover, each as one line. */
export function flatHeaders(request: FrontRequest): Record<string, string> {
  return Object.fromEntries(
    Object.entries(forwardedHeaders(request)).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(",") : String(value),
    ]),
  );
}

/** @throws TooLarge */
export async function readWhole(stream: Readable, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) throw new TooLarge(`more than ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function answer(response: FrontResponse, status: number, headers: OutgoingHttpHeaders, body: Buffer | string) {
  const { "content-length": _, ...rest } = headers;
  // The two versions' overloads do not meet; setting headers one by one is common to both.
  for (const [name, value] of Object.entries(rest)) if (value !== undefined) response.setHeader(name, value);
  response.setHeader("content-length", Buffer.byteLength(body));
  response.statusCode = status;
  response.end(body);
}

/** Of a body that is a form or JSON; none of any other. */
export function fieldsOf(request: FrontRequest, body: Buffer): Record<string, unknown> {
  if (request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) {
    return Object.fromEntries(new URLSearchParams(body.toString()));
  }
  try {
    const fields: unknown = JSON.parse(body.toString());
    return typeof fields === "object" && fields !== null ? { ...fields } : {};
  } catch (error) {
    // Without fields it is refused as any other that lacks them.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
