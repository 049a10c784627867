/**
 * Clusters that are reached through Cloudflare: a WebSocket to the edge, which `cloudflared` in the cluster brings to the
 * tunnel beside it. What then goes over it is as on a connection that a cluster has dialled. A connection ends by pings
 * that go unanswered, so no proxy on the way ever sees a silent one.
 */
import { once } from "node:events";
import { createWebSocketStream, WebSocket } from "ws";
import { z } from "zod";
import { dialAgainMs } from "../../shared/backoff.ts";
import { hostName, label } from "../../shared/config.ts";
import type { Logger } from "../../shared/log.ts";
import { pause } from "../../shared/pause.ts";
import type { ClusterListener } from "./listener.ts";

/** The clusters, each with the public host of its tunnel, and the service token that Cloudflare Access lets in by. */
export const connectorsFile = z.strictObject({
  access: z.strictObject({ clientId: z.string().min(1), clientSecret: z.string().min(1) }),
  connectors: z.array(z.strictObject({ org: label, cluster: label, host: hostName })),
});

type ConnectorsFile = z.output<typeof connectorsFile>;

export interface ConnectorsOptions extends ConnectorsFile {
  /** To each cluster. @default 2 */
  count?: number;
  take: ClusterListener["take"];
  log: Logger;
}

export interface Connectors {
  /** Dials no more. What is open ends with the listener. */
  stop(): void;
  /** Once it was told to stop and the last connection is over. */
  ended: Promise<unknown>;
}

export function dialConnectors({ connectors, access, count = 2, take, log }: ConnectorsOptions): Connectors {
  const stop = new AbortController();
  const hold = async ({ host, org, cluster }: ConnectorsFile["connectors"][number]) => {
    for (let failures = 0; !stop.signal.aborted; ) {
      try {
        const begun = performance.now();
        await take(await dialEdge(host, access, stop.signal), { org, cluster });
        // One that ends at once was refused: whoever asks again at once would ask for ever.
        failures = performance.now() - begun < provenMs ? failures + 1 : 0;
      } catch (error) {
        if (stop.signal.aborted) return;
        failures += 1;
        log.warn("a cluster could not be reached through the edge", { org, cluster, host, failures, error });
      }
      if (failures > 0) await pause(dialAgainMs(failures), stop.signal);
    }
  };
  const loops = connectors.flatMap((connector) => Array.from({ length: count }, () => hold(connector)));
  return { stop: () => stop.abort(), ended: Promise.all(loops) };
}

const provenMs = 1_000;

async function dialEdge(host: string, access: ConnectorsFile["access"], stop: AbortSignal) {
  const socket = new WebSocket(`wss://${host}/`, {
    headers: { "cf-access-client-id": access.clientId, "cf-access-client-secret": access.clientSecret },
    handshakeTimeout: 10_000,
    perMessageDeflate: false,
    followRedirects: false,
  });
  // Made before the connection is open: the cluster speaks first, maybe together with its answer.
  const stream = createWebSocketStream(socket);
  stream.on("error", () => socket.terminate());
  try {
    await once(socket, "open", { signal: stop });
    return stream;
  } catch (error) {
    socket.terminate();
    throw error;
  }
}
