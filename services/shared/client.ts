/** Calls from one service to another: HTTP/2, one kept connection, message limits. */

import { Code, ConnectError, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport, type Http2SessionManager } from "@connectrpc/connect-node";
import { refusal } from "../../shared/errors.ts";
import { ownAnswerHeader } from "./headers.ts";
import { KeptSessions } from "./kept-sessions.ts";
import { maxMessageBytes, streamWindowBytes } from "./limits.ts";
import { traceparent } from "./served-request.ts";
import { clientTls, type Trust } from "./service-tls.ts";

export interface Upstream {
  /** For typed calls: `createClient(Service, upstream.transport)`. */
  transport: Transport;
  /** For requests that are only passed on: see proxy.ts. */
  sessions: Http2SessionManager;
  close(): void;
}

/** Spread into the options of every unary call: nobody waits for ever. */
export const unaryCall = { timeoutMs: 15_000 };

/**
 * Connects at the first call, and again after a loss.
 * @param url such as https://runs.union-cp.svc.cluster.local:8080
 * @param tls what the caller shows, and whom it believes
 * @param servername the name that must be shown there. @default the URL's
 */
export function upstream(url: string, tls?: Trust, servername?: string): Upstream {
  if (tls && !url.startsWith("https:")) {
    throw refusal({ subject: "a service's address", value: url, allowed: "https:// where certificates are shown" });
  }
  const settings = { initialWindowSize: streamWindowBytes, enablePush: false };
  const sessions = new KeptSessions(url, {}, { settings, ...clientTls(tls, servername) });
  const transport = createConnectTransport({
    httpVersion: "2",
    baseUrl: url,
    sessionManager: sessions,
    readMaxBytes: maxMessageBytes,
    writeMaxBytes: maxMessageBytes,
    acceptCompression: [],
    interceptors: [lostIsUnavailable, inTheSameTrace],
  });
  return { transport, sessions, close: () => sessions.abort() };
}

const inTheSameTrace: Interceptor = (next) => (request) => {
  const parent = traceparent();
  if (parent) request.header.set("traceparent", parent);
  return next(request);
};

/**
 * A connection that is lost under a call is "try again" to whoever called, where the library says "aborted"; so is one that
 * had gone astray, where it says what the HTTP status of a stranger would mean, or that its certificate names another; and so
 * is one that the other end closed without an answer, as a server does that does not know the caller.
 */
const lostIsUnavailable: Interceptor = (next) => async (request) => {
  try {
    return await next(request);
  } catch (error) {
    const { code, cause, rawMessage, metadata } = ConnectError.from(error);
    // An answer of the other side has no cause.
    const lost = code === Code.Aborted && cause !== undefined;
    const astray = /^HTTP \d{3}$/.test(rawMessage) && !metadata.has(ownAnswerHeader);
    const unknown = code === Code.Internal && isHandshakeError(cause);
    const cut = code === Code.Canceled && !request.signal.aborted && rawMessage.startsWith("http/2 stream closed with");
    if (!lost && !astray && !unknown && !cut) throw error;
    const why = astray ? `another server answered: ${rawMessage}` : rawMessage;
    throw new ConnectError(why, Code.Unavailable, undefined, undefined, cause);
  }
};

/** Of a connection over which nothing was sent: one end does not know the other. */
function isHandshakeError(cause: unknown): boolean {
  const code: unknown = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return (
    typeof code === "string" &&
    /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_PURPOSE)/.test(code)
  );
}
