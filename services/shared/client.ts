/** Calls from one service to another: HTTP/2 in clear, one kept connection, message limits. */
import { Code, ConnectError, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport, type Http2SessionManager } from "@connectrpc/connect-node";
import { ownAnswerHeader } from "./headers.ts";
import { KeptSessions } from "./kept-sessions.ts";
import { maxMessageBytes, streamWindowBytes } from "./limits.ts";
import { traceparent } from "./served-request.ts";

export interface Upstream {
  /** For typed calls: `createClient(Service, upstream.transport)`. */
  transport: Transport;
  /** For requests that are only passed on: see proxy.ts. */
  sessions: Http2SessionManager;
  close(): void;
}

/** Spread into the options of every unary call: nobody waits for ever. */
export const unaryCall = { timeoutMs: 15_000 };

/** @param url such as http://runs.union-cp.svc.cluster.local:8080; connects at the first call, and again after a loss. */
export function upstream(url: string): Upstream {
  const sessions = new KeptSessions(url, {}, { settings: { initialWindowSize: streamWindowBytes, enablePush: false } });
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
 * had gone astray, where it says what the HTTP status of a stranger would mean.
 */
const lostIsUnavailable: Interceptor = (next) => async (request) => {
  try {
    return await next(request);
  } catch (error) {
    const { code, cause, rawMessage, metadata } = ConnectError.from(error);
    // An answer of the other side has no cause.
    const lost = code === Code.Aborted && cause !== undefined;
    const astray = /^HTTP \d{3}$/.test(rawMessage) && !metadata.has(ownAnswerHeader);
    if (!lost && !astray) throw error;
    const why = astray ? `another server answered: ${rawMessage}` : rawMessage;
    throw new ConnectError(why, Code.Unavailable, undefined, undefined, cause);
  }
};
