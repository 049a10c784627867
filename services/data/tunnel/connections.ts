/** The tunnels themselves: connections that this side dials and on which it then serves, several at a time, for ever. */
import { once } from "node:events";
import { createServer, type ServerHttp2Session } from "node:http2";
import type { TLSSocket } from "node:tls";
import { tunnelProtocol } from "../../shared/cluster-identity.ts";
import { type HttpHandler, safely } from "../../shared/http.ts";
import { sessionMemoryMegabytes, streamWindowBytes } from "../../shared/limits.ts";
import type { Logger } from "../../shared/log.ts";
import { pause } from "../../shared/pause.ts";
import { isDouble, replicaOf, replicaSettings } from "../../shared/relay-replica.ts";
import { closeGently, keepAlive, type PingTimes } from "../../shared/session-life.ts";
import { dialRelay } from "./dial.ts";
import type { Identity } from "./identity.ts";

export interface ConnectionsOptions {
  /** How many to hold. */
  count: number;
  /** Asked anew for each connection. */
  identity(): Identity;
  /** Serves the region's requests. */
  handler: HttpHandler;
  /** After each failed attempt, with how many there were in a row. */
  onFailure(failures: number): void;
  ping?: PingTimes;
  log: Logger;
}

export interface Connections {
  open(): number;
  /** Makes every connection anew, one that is ready before one that ends. */
  replace(): void;
  /** Dials no more; requests in flight have `graceMs` to end. */
  close(graceMs: number): Promise<void>;
}

const longestWaitMs = 5_000;
/** A balancer picks the relay's replica: dialled again so often before two connections may stand on one. */
const triesToSpread = 4;

export function holdConnections(options: ConnectionsOptions): Connections {
  const { log } = options;
  const stop = new AbortController();
  const sessions = new Set<ServerHttp2Session>();
  const retire = new Map<ServerHttp2Session, () => void>();

  /** On a replica that another connection has reached already, while a third has none. Those that retire do not count. */
  const doubles = (session: ServerHttp2Session) =>
    isDouble(
      replicaOf(session),
      [...retire.keys()].filter((other) => other !== session).map((other) => replicaOf(other)),
    );

  const hold = async () => {
    // To be replaced: it serves until another is there, however long that takes.
    let outgoing: ServerHttp2Session | undefined;
    for (let failures = 0, tries = 1; !stop.signal.aborted; ) {
      try {
        const session = serveOn(await dialRelay(options.identity(), tunnelProtocol, stop.signal), options);
        sessions.add(session);
        session.once("close", () => sessions.delete(session));
        await proven(session, stop.signal);
        failures = 0;
        if (doubles(session) && tries++ < triesToSpread) {
          closeGently(session);
          continue;
        }
        tries = 1;
        log.info("a tunnel is open", { open: sessions.size, replica: replicaOf(session)?.id });
        // Streams in flight finish on the old connection; the relay sends new ones elsewhere.
        if (outgoing) closeGently(outgoing);
        outgoing = await endOrRetirement(session, { retire, doubles, stop: stop.signal });
        log.info("a tunnel has ended or retires, another is dialled", { open: sessions.size });
      } catch (error) {
        if (stop.signal.aborted) return;
        failures += 1;
        log.warn("a tunnel could not be opened", { failures, error });
        options.onFailure(failures);
        await pause(waitMs(failures), stop.signal);
      }
    }
  };
  const loops = Array.from({ length: options.count }, hold);
  return {
    open: () => sessions.size,
    replace() {
      for (const start of retire.values()) start();
    },
    async close(graceMs) {
      stop.abort();
      await Promise.all(loops);
      const late = setTimeout(() => {
        for (const session of sessions) session.destroy();
      }, graceMs);
      await Promise.all([...sessions].map(endOf));
      clearTimeout(late);
    },
  };
}

async function endOf(session: ServerHttp2Session): Promise<void> {
  if (session.destroyed) return;
  const closed = once(session, "close");
  closeGently(session);
  await closed;
}

/** 0.1 s, doubled with each failure up to 5 s, and a random part of it so that many clusters do not come at once. */
function waitMs(failures: number): number {
  return Math.min(longestWaitMs, 100 * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
}

function serveOn(socket: TLSSocket, { handler, ping, log }: ConnectionsOptions): ServerHttp2Session {
  const settings = { initialWindowSize: streamWindowBytes, maxConcurrentStreams: 10_000 };
  const options = { settings, remoteCustomSettings: replicaSettings, maxSessionMemory: sessionMemoryMegabytes };
  const server = createServer(options, safely(handler, log));
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
async function proven(session: ServerHttp2Session, stop: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(10_000)]);
  const ended = once(session, "close", { signal }).then(() => {
    throw new Error("the relay closed the connection");
  });
  // Only the race looks at it: once the relay has answered, an end is the matter of whoever holds the session.
  ended.catch(() => undefined);
  await Promise.race([once(session, "remoteSettings", { signal }), ended]);
}

interface Ends {
  retire: Map<ServerHttp2Session, () => void>;
  doubles(session: ServerHttp2Session): boolean;
  stop: AbortSignal;
}

/**
 * Until the session closes or is about to: the relay says GOAWAY, `replace` was called, or the relay has told of a
 * replica that no connection reaches while this one shares its own.
 *
 * @returns the session, where it is to serve until it is replaced
 */
async function endOrRetirement(session: ServerHttp2Session, { retire, doubles, stop }: Ends) {
  let serves = false;
  const retired = new Promise<void>((resolve) => {
    retire.set(session, () => {
      // At once: another on the same replica is no double any more.
      retire.delete(session);
      serves = true;
      resolve();
    });
  });
  const stopped = new Promise<void>((resolve) => stop.addEventListener("abort", () => resolve(), { once: true }));
  const onSettings = () => {
    if (doubles(session)) retire.get(session)?.();
  };
  session.on("remoteSettings", onSettings);
  try {
    await Promise.race([once(session, "close"), once(session, "goaway"), retired, stopped]);
    return serves ? session : undefined;
  } finally {
    session.off("remoteSettings", onSettings);
    retire.delete(session);
  }
}
