/** The relay: pipes requests between the region's services and the compute planes that dialled in. Keeps nothing. */
import { Code, ConnectError } from "@connectrpc/connect";
import { decodeJwt } from "jose";
import type { ClusterName } from "../../shared/cluster-identity.ts";
import { denied, unavailable } from "../../shared/errors.ts";
import { clusterHeader } from "../../shared/headers.ts";
import { answerError, answerJson, type HttpHandler, type HttpRequest, pathOf } from "../../shared/http.ts";
import type { Logger } from "../../shared/log.ts";
import { proxy, type StreamSource } from "../../shared/proxy.ts";
import type { ServiceParts } from "../../shared/service.ts";
import type { PingTimes } from "../../shared/session-life.ts";
import { listenForClusters } from "./listener.ts";
import { createMinter, type Minter } from "./minter.ts";
import { openTunnels, type Tunnels } from "./tunnels.ts";

export interface RelayDeps {
  /** Where clusters dial, with the PEM pair and the authority. */
  clusters: { port: number; cert: string; key: string; clusterCa: string };
  internalPort: number;
  actions: StreamSource;
  cluster: StreamSource;
  ping?: PingTimes;
  log: Logger;
}

export async function relayService(deps: RelayDeps): Promise<ServiceParts & { clusterPort: number }> {
  const { log } = deps;
  const tunnels = openTunnels();
  const minter = await createMinter();
  const listener = await listenForClusters({
    ...deps.clusters,
    tunnels,
    serve: (name) => fromCluster(name, minter, deps),
    ...(deps.ping ? { ping: deps.ping } : {}),
    log,
  });
  return {
    clusterPort: listener.port,
    port: deps.internalPort,
    http: (request, response) => {
      if (pathOf(request) === "/keys") answerJson(response, 200, minter.keys);
      else return toCluster(tunnels, log)(request, response);
    },
    drain: () => listener.drain(),
    close: () => listener.close(),
  };
}

/** Region → cluster. The plane itself verifies the user's token again; what is compared here only fails earlier. */
function toCluster(tunnels: Tunnels, log: Logger): HttpHandler {
  return (request, response) => {
    const [org, cluster] = String(request.headers[clusterHeader] ?? "").split("/");
    if (!org || !cluster) {
      answerError(request, response, new ConnectError("the relay does not serve this path", Code.Unimplemented));
      return;
    }
    if (claimedOrg(request) !== org) {
      answerError(request, response, denied("the token is of another organisation"));
      return;
    }
    const to = tunnels.to({ org, cluster });
    const lost = "the compute plane cannot be reached, try again";
    if (to) return proxy(request, response, { to, lost, log });
    answerError(request, response, unavailable(lost));
  };
}

/** Cluster → region: two services, and whatever identity the cluster claims is replaced by its certificate's. */
function fromCluster(name: ClusterName, minter: Minter, { actions, cluster, log }: RelayDeps): HttpHandler {
  const targets: [prefix: string, to: StreamSource][] = [
    ["/biplane.queue.v1.ExecutorQueueService/", actions],
    ["/biplane.cluster.v1.ClusterLinkService/", cluster],
  ];
  return async (request, response) => {
    const to = targets.find(([prefix]) => pathOf(request).startsWith(prefix))?.[1];
    if (!to) {
      answerError(request, response, new ConnectError("a compute plane may not call this", Code.Unimplemented));
      return;
    }
    const headers = { authorization: `Bearer ${await minter.mint(name)}`, cookie: undefined };
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
