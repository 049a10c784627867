/**
 * Tunnels through Cloudflare: the connector beside this process (`cloudflared`) has dialled out, and brings connections
 * of the region to a port that listens on loopback alone. On each, the same handshake takes place as on a connection that
 * this side dials, so what the edge sees is encrypted for the relay and for nobody else.
 */
import { once } from "node:events";
import type { ServerHttp2Session } from "node:http2";
import { createServer, type Socket } from "node:net";
import { pause } from "../../shared/pause.ts";
import { closeGently } from "../../shared/session-life.ts";
import { type Connections, type ConnectionsOptions, made } from "./connections.ts";
import { dialRelay } from "./dial.ts";
import { endAll, proven, serveOn } from "./serving.ts";

/** Beside this one the region has others, or makes them at once. */
const replacedWithinMs = 5_000;

/** How many there are is the region's choice: each replica of its relay makes its own. */
export function acceptConnections(options: ConnectionsOptions & { port: number }): Connections {
  const { port, log } = options;
  const stop = new AbortController();
  const sessions = new Set<ServerHttp2Session>();
  const trusted = new Set<ServerHttp2Session>();
  let failures = 0;

  const take = async (arrived: Socket) => {
    try {
      const session = serveOn(await dialRelay(options.identity(), stop.signal, arrived), options);
      sessions.add(session);
      session.once("close", () => {
        sessions.delete(session);
        trusted.delete(session);
      });
      await proven(session, stop.signal);
      trusted.add(session);
      failures = 0;
      made.add({ outcome: "open" });
      log.info("a tunnel is open", { open: trusted.size });
      server.emit("proven");
    } catch (error) {
      arrived.destroy();
      if (stop.signal.aborted) return;
      failures += 1;
      made.add({ outcome: "failed" });
      log.warn("a tunnel could not be opened", { failures, error });
      // While others serve, whoever comes and fails is not our region.
      if (trusted.size === 0) options.onFailure(failures);
    }
  };
  // Without the port nothing can ever arrive: its error is left unhandled, and ends the process.
  const server = createServer((arrived) => void take(arrived)).listen(port, "127.0.0.1");

  /** One after the other: the region makes a new connection as soon as it is told that one ends. */
  const replaceAll = async () => {
    for (const session of [...trusted]) {
      if (stop.signal.aborted) return;
      const next = once(server, "proven");
      closeGently(session);
      await Promise.race([next, pause(replacedWithinMs, stop.signal)]);
    }
  };
  return {
    open: () => trusted.size,
    replace: () => void replaceAll(),
    async close(graceMs) {
      stop.abort();
      server.close();
      await endAll(sessions, graceMs);
    },
  };
}
