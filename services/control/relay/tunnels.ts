/** The tunnels that are open now: for each cluster the sessions on which the region is the client. */
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";
import type { ClusterName } from "../../shared/cluster-identity.ts";
import type { StreamSource } from "../../shared/proxy.ts";

export interface Tunnels {
  /** Kept until the session closes. */
  add(name: ClusterName, session: ClientHttp2Session): void;
  /** Requests to one cluster, spread over its sessions. @returns undefined while it has none. */
  to(name: ClusterName): StreamSource | undefined;
  count(): number;
  /** Ends every session once its requests are done. */
  drain(): void;
}

export function openTunnels(): Tunnels {
  const byCluster = new Map<string, Set<ClientHttp2Session>>();
  let turn = 0;
  return {
    add(name, session) {
      const key = keyOf(name);
      const sessions = byCluster.get(key) ?? new Set();
      byCluster.set(key, sessions.add(session));
      const remove = () => {
        sessions.delete(session);
        if (sessions.size === 0 && byCluster.get(key) === sessions) byCluster.delete(key);
      };
      // After GOAWAY the session still finishes what it has, but takes nothing new.
      session.once("goaway", remove);
      session.once("close", remove);
    },
    to(name) {
      const usable = [...(byCluster.get(keyOf(name)) ?? [])].filter((session) => !session.closed && !session.destroyed);
      const session = usable[turn++ % usable.length];
      return session && streamsOf(session);
    },
    count: () => [...byCluster.values()].reduce((sum, sessions) => sum + sessions.size, 0),
    drain() {
      for (const session of [...byCluster.values()].flatMap((sessions) => [...sessions])) session.close();
    },
  };
}

const keyOf = ({ org, cluster }: ClusterName) => `${org}/${cluster}`;

function streamsOf(session: ClientHttp2Session): StreamSource {
  return {
    async request(method, path, headers, options): Promise<ClientHttp2Stream> {
      const all: OutgoingHttpHeaders = { ...headers, ":method": method, ":path": path };
      return session.request(all, options);
    },
  };
}
