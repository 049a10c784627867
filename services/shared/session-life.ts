/** Keeps a long-lived HTTP/2 session honest: pings find out that the other side has gone, and its end loses nothing. */
import type { ClientHttp2Session, Http2Session, ServerHttp2Session } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { keepAliveMs } from "./limits.ts";

export interface PingTimes {
  /** @default 10 s */
  intervalMs?: number;
  /** @default 5 s */
  timeoutMs?: number;
}

/** What its calls end with: as a plain error it would be told as a fault of the service's, which nobody tries again. */
const gone = (why: string) => new ConnectError(why, Code.Unavailable);

/** Destroys the session when a ping is not answered in time, its calls unavailable. Ends with the session. */
export function keepAlive(session: Http2Session, times: PingTimes = {}): void {
  const { intervalMs = keepAliveMs, timeoutMs = 5_000 } = times;
  let overdue: NodeJS.Timeout | undefined;
  const interval = setInterval(() => {
    // One that ends after its last request answers no ping any more, and is not dead.
    if (session.destroyed || session.closed || overdue) return;
    overdue = setTimeout(() => session.destroy(gone(`no answer to a ping within ${timeoutMs} ms`)), timeoutMs);
    const sent = session.ping((error) => {
      clearTimeout(overdue);
      overdue = undefined;
      if (error && !session.destroyed) session.destroy(error);
    });
    if (!sent) session.destroy(gone("a ping could not be sent"));
  }, intervalMs);
  session.once("close", () => {
    clearInterval(interval);
    clearTimeout(overdue);
  });
}

/**
 * An HTTP/2 setting of our own, in the range for experiments (RFC 9113, 11.3): the server takes no more requests on this
 * connection. GOAWAY alone loses what is on its way to the server when it is sent: Node cannot send the one of RFC 9113,
 * 6.8 that only gives notice (nghttp2 takes no stream after any GOAWAY). Clients that do not know it see just GOAWAY.
 */
const drainSetting = 0xf0b3;
/** For clients: Node shows only settings that were asked for. */
export const drainSettings = [drainSetting];

/** From a server's acknowledged notice to its GOAWAY: what the client began meanwhile arrives first. */
const noticeMs = 100;
const acknowledgedWithinMs = 1_000;

/** Ends a session once its requests are done; one of a client of ours loses none. */
export function closeGently(session: ServerHttp2Session): void {
  if (session.closed || session.destroyed) return;
  let end = setTimeout(() => session.close(), acknowledgedWithinMs);
  session.once("close", () => clearTimeout(end));
  session.settings({ customSettings: { [drainSetting]: 1 } }, () => {
    clearTimeout(end);
    end = setTimeout(() => session.close(), noticeMs);
  });
}

/** Calls `then` once the server gives notice of its end, or has given it. */
export function onDraining(session: ClientHttp2Session, then: () => void): void {
  const look = () => {
    if (session.destroyed || session.remoteSettings?.customSettings?.[drainSetting] !== 1) return;
    session.off("remoteSettings", look);
    then();
  };
  session.on("remoteSettings", look);
  look();
}
