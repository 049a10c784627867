/** The tunnels that are open now: for each cluster the sessions on which the region is the client. */
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";
import type { ClusterName } from "../../shared/cluster-identity.ts";
import type { StreamSource } from "../../shared/proxy.ts";
import { announcing, type Replica } from "../../shared/relay-replica.ts";
import { onDraining } from "../../shared/session-life.ts";

/** On a relay's internal port: answered with 200 where it has a tunnel to the cluster, else with 404. */
export const tunnelPath = ({ org, cluster }: ClusterName) => `/tunnels/${org}/${cluster}`;

export interface Tunnels {
  /** Kept until the session closes. */
  add(name: ClusterName, session: ClientHttp2Session): void;
  /** Requests to one cluster, spread over its sessions. @returns undefined while it has none. */
  to(name: ClusterName): StreamSource | undefined;
  /** @param path as `tunnelPath` makes it */
  has(path: string): boolean;
  count(): number;
  /** Tells every tunnel anew which replica this is. */
  announce(replica: Replica): void;
  /** Tells others of no tunnel any more, and ends every session once nobody who was told sends to it. */
  drain(): void;
}

/** How long another replica may go on to send here after it was told of a tunnel. */
export const believedMs = 1_000;
/** For the last of its requests to arrive. */
const lateMs = 500;

export function openTunnels(): Tunnels {
  const byCluster = new Map<string, Set<ClientHttp2Session>>();
  const usableOf = (key: string) =>
    [...(byCluster.get(key) ?? [])].filter((session) => !session.closed && !session.destroyed);
  let turn = 0;
  let draining = false;
  const endAll = () => {
    for (const session of [...byCluster.values()].flatMap((sessions) => [...sessions])) session.close();
  };
  return {
    add(name, session) {
      const key = tunnelPath(name);
      const sessions = byCluster.get(key) ?? new Set();
      byCluster.set(key, sessions.add(session));
      const remove = () => {
        sessions.delete(session);
        if (sessions.size === 0 && byCluster.get(key) === sessions) byCluster.delete(key);
      };
      // The session still finishes what it has, but takes nothing new.
      onDraining(session, remove);
      session.once("goaway", remove);
      session.once("close", remove);
    },
    to(name) {
      const usable = usableOf(tunnelPath(name));
      const session = usable[turn++ % usable.length];
      return session && streamsOf(session);
    },
    has: (path) => !draining && usableOf(path).length > 0,
    count: () => [...byCluster.values()].reduce((sum, sessions) => sum + sessions.size, 0),
    announce(replica) {
      for (const session of [...byCluster.keys()].flatMap(usableOf)) session.settings(announcing(replica));
    },
    drain() {
      if (draining) return;
      draining = true;
      setTimeout(endAll, believedMs + lateMs).unref();
    },
  };
}

function streamsOf(session: ClientHttp2Session): StreamSource {
  return {
    async request(method, path, headers, options): Promise<ClientHttp2Stream> {
      const all: OutgoingHttpHeaders = { ...headers, ":method": method, ":path": path };
      return session.request(all, options);
    },
  };
}
