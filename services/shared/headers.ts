/** Which headers pass a proxy. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { traceHeaders } from "./trace-context.ts";

/** Of one connection only (RFC 9110 7.6.1), forbidden in HTTP/2 (RFC 9113 8.2.2), or replaced by pseudo headers. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "expect",
  "host",
]);

/** Set only between services; whoever sends them from outside is not believed. */
const internalPrefix = "x-biplane-";

export const clusterHeader = `${internalPrefix}cluster`;

/** Set by the gateway: the address that the caller connects from. */
export const sourceHeader = `${internalPrefix}source`;

/** Set by a relay on what it hands to another: that one must not hand it on. */
export const relayedHeader = `${internalPrefix}relayed`;

/** On every answer of a server of ours, so that its clients know one that comes from anybody else. */
export const ownAnswerHeader = `${internalPrefix}own`;

/** @returns a request's or response's headers without those of the connection or of a trace, pseudo headers and `x-biplane-*`. */
export function passedHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = String(headers.connection ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase());
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name, value]) =>
        !name.startsWith(":") &&
        !name.startsWith(internalPrefix) &&
        !hopByHop.has(name) &&
        !traceHeaders.has(name) &&
        !named.includes(name) &&
        (name !== "te" || value === "trailers"),
    ),
  );
}
