/** A connection to the relay on which this side serves: how it begins, what proves it, and how it ends. */
import { once } from "node:events";
import { createServer, type ServerHttp2Session } from "node:http2";
import type { TLSSocket } from "node:tls";
import { type HttpHandler, safely } from "../../shared/http.ts";
import { sessionMemoryMegabytes, streamWindowBytes } from "../../shared/limits.ts";
import type { Logger } from "../../shared/log.ts";
import { observed } from "../../shared/observed.ts";
import { replicaSettings } from "../../shared/relay-replica.ts";
import { closeGently, keepAlive, type PingTimes } from "../../shared/session-life.ts";

export interface Serving {
  /** Serves the region's requests. */
  handler: HttpHandler;
  ping?: PingTimes;
  log: Logger;
}

export function serveOn(socket: TLSSocket, { handler, ping, log }: Serving): ServerHttp2Session {
  const settings = { initialWindowSize: streamWindowBytes, maxConcurrentStreams: 10_000 };
  const options = { settings, remoteCustomSettings: replicaSettings, maxSessionMemory: sessionMemoryMegabytes };
  const server = createServer(options, safely(observed({ server: "tunnel", callers: "ours" }, handler), log));
  let opened: ServerHttp2Session | undefined;
  server.once("session", (session) => {
    opened = session;
  });
  server.emit("connection", socket);
  if (!opened) throw new Error("no HTTP/2 session was made");
  opened.on("error", (error) => log.debug("a tunnel failed", { error }));
  keepAlive(opened, ping);
  return opened;
}

/** In TLS 1.3 a refused client certificate shows only after the handshake: the relay's first frame is the proof. */
export async function proven(session: ServerHttp2Session, stop: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(10_000)]);
  const ended = once(session, "close", { signal }).then(() => {
    throw new Error("the relay closed the connection");
  });
  // Only the race looks at it: once the relay has answered, an end is the matter of whoever holds the session.
  ended.catch(() => undefined);
  await Promise.race([once(session, "remoteSettings", { signal }), ended]);
}

/** Requests in flight have `graceMs` to end. */
export async function endAll(sessions: ReadonlySet<ServerHttp2Session>, graceMs: number): Promise<void> {
  const late = setTimeout(() => {
    for (const session of sessions) session.destroy();
  }, graceMs);
  await Promise.all([...sessions].map(endOf));
  clearTimeout(late);
}

async function endOf(session: ServerHttp2Session): Promise<void> {
  if (session.destroyed) return;
  // One that ends by an error has ended as well.
  const closed = new Promise<void>((resolve) => session.once("close", () => resolve()));
  closeGently(session);
  await closed;
}
