/** Calls from one service to another: HTTP/2, one kept connection, message limits. */
import { Code, ConnectError, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport, type Http2SessionManager } from "@connectrpc/connect-node";
import { ownAnswerHeader } from "./headers.ts";
import { KeptSessions } from "./kept-sessions.ts";
import { maxMessageBytes, streamWindowBytes } from "./limits.ts";
import { traceparent } from "./served-request.ts";
import { forCalling, type Trust } from "./service-tls.ts";

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
 * @param tls what the caller shows; an https URL takes nobody without
 * @param servername the name that must be shown there. @default the URL's
 */
export function upstream(url: string, tls?: Trust, servername?: string): Upstream {
  const settings = { initialWindowSize: streamWindowBytes, enablePush: false };
  const sessions = new KeptSessions(url, {}, { settings, ...forCalling(tls, servername) });
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
 * had gone astray, where it says what the HTTP status of a stranger would mean, or that its certificate names another.
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
    if (!lost && !astray && !unknown) throw error;
    const why = astray || unknown ? `another server answered: ${rawMessage}` : rawMessage;
    throw new ConnectError(why, Code.Unavailable, undefined, undefined, cause);
  }
};

/** Of a connection over which nothing was sent: one end does not know the other. */
function isHandshakeError(cause: unknown): boolean {
  const code: unknown = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return typeof code === "string" && /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(code);
}
