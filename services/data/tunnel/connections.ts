/** The tunnels themselves: connections that this side dials and on which it then serves, several at a time, for ever. */
import { once } from "node:events";
import type { ServerHttp2Session } from "node:http2";
import { dialAgainMs } from "../../shared/backoff.ts";
import { counter } from "../../shared/metrics.ts";
import { pause } from "../../shared/pause.ts";
import { isDouble, replicaOf } from "../../shared/relay-replica.ts";
import { closeGently } from "../../shared/session-life.ts";
import { dialRelay } from "./dial.ts";
import type { Identity } from "./identity.ts";
import { endAll, proven, type Serving, serveOn } from "./serving.ts";

export interface ConnectionsOptions extends Serving {
  /** Asked anew for each connection. */
  identity(): Identity;
  /** After each failed attempt, with how many there were in a row. */
  onFailure(failures: number): void;
}

export interface Connections {
  open(): number;
  /** Makes every connection anew, one that is ready before one that ends. */
  replace(): void;
  /** Makes no more; requests in flight have `graceMs` to end. */
  close(graceMs: number): Promise<void>;
}

/** Of those that this side dials, and of those that a connector brings. */
export const made = counter("biplane_tunnel_connections_made_total", "Connections to relays, by what became of them", {
  outcome: ["open", "double", "failed"],
});

/** A balancer picks the relay's replica: dialled again so often before two connections may stand on one. */
const triesToSpread = 4;

/** @param options.count how many to hold */
export function holdConnections(options: ConnectionsOptions & { count: number }): Connections {
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
        const session = serveOn(await dialRelay(options.identity(), stop.signal), options);
        sessions.add(session);
        session.once("close", () => sessions.delete(session));
        await proven(session, stop.signal);
        failures = 0;
        if (doubles(session) && tries++ < triesToSpread) {
          made.add({ outcome: "double" });
          closeGently(session);
          continue;
        }
        tries = 1;
        made.add({ outcome: "open" });
        log.info("a tunnel is open", { open: sessions.size, replica: replicaOf(session)?.id });
        // Streams in flight finish on the old connection; the relay sends new ones elsewhere.
        if (outgoing) closeGently(outgoing);
        outgoing = await endOrRetirement(session, { retire, doubles, stop: stop.signal });
        log.info("a tunnel has ended or retires, another is dialled", { open: sessions.size });
      } catch (error) {
        if (stop.signal.aborted) return;
        failures += 1;
        made.add({ outcome: "failed" });
        log.warn("a tunnel could not be opened", { failures, error });
        options.onFailure(failures);
        await pause(dialAgainMs(failures), stop.signal);
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
      await endAll(sessions, graceMs);
    },
  };
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
