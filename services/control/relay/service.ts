/** The relay: pipes requests between the region's services and the compute planes that dialled in. Keeps nothing. */
import { randomInt } from "node:crypto";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { decodeJwt } from "jose";
import type { Presented } from "../../shared/cluster-identity.ts";
import { denied, unavailable } from "../../shared/errors.ts";
import { clusterHeader, relayedHeader } from "../../shared/headers.ts";
import { answerError, answerJson, type HttpHandler, type HttpRequest, pathOf } from "../../shared/http.ts";
import type { Logger } from "../../shared/log.ts";
import { gauge } from "../../shared/metrics.ts";
import { proxy, type StreamSource } from "../../shared/proxy.ts";
import type { ServiceParts } from "../../shared/service.ts";
import type { PingTimes } from "../../shared/session-life.ts";
import { type ConnectorsOptions, dialConnectors } from "./connectors.ts";
import { listenForClusters } from "./listener.ts";
import { createMinter, type Minter } from "./minter.ts";
import { openPeers, type Peers, type PeersOptions } from "./peers.ts";
import { certificateStanding } from "./standing.ts";
import { tunnelRecords } from "./tunnel-records.ts";
import { openTunnels, type Tunnels } from "./tunnels.ts";

export interface RelayDeps {
  /** Where clusters dial, with the PEM pair and the authority. */
  clusters: { port: number; cert: string; key: string; clusterCa: string };
  internalPort: number;
  actions: StreamSource;
  cluster: StreamSource;
  /** To the same Cluster service, for calls of the relay's own. */
  clusterCalls: Transport;
  /** Clusters that are reached through Cloudflare. @default none: every cluster dials */
  connectors?: Pick<ConnectorsOptions, "connectors" | "access" | "count">;
  /** Base URLs of the other replicas as they are now. @default there are none */
  findPeers?: () => Promise<string[]>;
  dialPeer?: PeersOptions["dial"];
  ping?: PingTimes;
  log: Logger;
}

const open = gauge("biplane_relay_tunnels", "Tunnels of compute planes that are open on this replica", {});
const others = gauge("biplane_relay_peers", "Other replicas of the relay that are known", {});

export async function relayService(deps: RelayDeps): Promise<ServiceParts & { clusterPort: number }> {
  const { log } = deps;
  const tunnels = openTunnels();
  const minter = await createMinter(deps.clusters.key);
  const id = randomInt(2 ** 32);
  const replica = () => ({ id, of: peers.count() + 1 });
  const find = deps.findPeers ?? (async () => []);
  const peers = openPeers({ find, dial: deps.dialPeer, onChange: () => tunnels.announce(replica()), log });
  const unwatch = [open.read({}, () => tunnels.count()), others.read({}, () => peers.count())];
  const records = tunnelRecords({ cluster: deps.clusterCalls, mint: minter.mint, log });
  const listener = await listenForClusters({
    ...deps.clusters,
    tunnels,
    records,
    replica,
    standing: certificateStanding({ cluster: deps.clusterCalls, mint: minter.mint, log }),
    serve: (came) => fromCluster(came, minter, deps),
    ...(deps.ping ? { ping: deps.ping } : {}),
    log,
  });
  const dialled = deps.connectors && dialConnectors({ ...deps.connectors, take: listener.take, log });
  return {
    clusterPort: listener.port,
    port: deps.internalPort,
    http: (request, response) => {
      const path = pathOf(request);
      if (path === "/keys") return answerJson(response, 200, minter.keys);
      if (path.startsWith("/tunnels/")) return answerJson(response, tunnels.has(path) ? 200 : 404, {});
      return toCluster(tunnels, peers, log)(request, response);
    },
    drain() {
      dialled?.stop();
      listener.drain();
    },
    async close() {
      for (const end of unwatch) end();
      peers.close();
      await listener.close();
      await dialled?.ended;
      await records.close();
    },
  };
}

/** Region → cluster. The plane itself verifies the user's token again; what is compared here only fails earlier. */
function toCluster(tunnels: Tunnels, peers: Peers, log: Logger): HttpHandler {
  return async (request, response) => {
    const [org, cluster] = String(request.headers[clusterHeader] ?? "").split("/");
    if (!org || !cluster) {
      answerError(request, response, new ConnectError("the relay does not serve this path", Code.Unimplemented));
      return;
    }
    if (claimedOrg(request) !== org) {
      answerError(request, response, denied("the token is of another organisation"));
      return;
    }
    const lost = "the compute plane cannot be reached, try again";
    const here = tunnels.to({ org, cluster });
    if (here) return proxy(request, response, { to: here, lost, log });
    // Once only: two replicas that each take the other for the right one must not play ball.
    const there = request.headers[relayedHeader] ? undefined : await peers.having({ org, cluster });
    if (!there) return answerError(request, response, unavailable(lost));
    const headers = { [clusterHeader]: `${org}/${cluster}`, [relayedHeader]: "1" };
    return proxy(request, response, { to: there, headers, lost, log });
  };
}

/** Cluster → region: five services, and whatever identity the cluster claims is replaced by its certificate's. */
function fromCluster(came: Presented, minter: Minter, { actions, cluster, log }: RelayDeps): HttpHandler {
  const targets: [prefix: string, to: StreamSource][] = [
    ["/biplane.queue.v1.ExecutorQueueService/", actions],
    ["/biplane.projects.v1.ProjectDirectoryService/", actions],
    ["/biplane.apps.v1.AppDirectoryService/", actions],
    ["/biplane.apps.v1.AppAccessService/", actions],
    ["/biplane.cluster.v1.ClusterLinkService/", cluster],
  ];
  return async (request, response) => {
    const to = targets.find(([prefix]) => pathOf(request).startsWith(prefix))?.[1];
    if (!to) {
      answerError(request, response, new ConnectError("a compute plane may not call this", Code.Unimplemented));
      return;
    }
    const headers = { authorization: `Bearer ${await minter.mint(came)}`, cookie: undefined };
    await proxy(request, response, { to, headers, lost: "the region's service cannot be reached, try again", log });
  };
}

function claimedOrg(request: HttpRequest): unknown {
  try {
    return decodeJwt(String(request.headers.authorization).replace(/^Bearer /i, "")).org;
  } catch {
    // No token, or not a token: no organisation, refused by the caller of this function.
    return undefined;
  }
}
