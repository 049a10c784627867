/** What the region may ask of this cluster: five services by name, and nothing else. */
import { Code, ConnectError } from "@connectrpc/connect";
import { answerError, type HttpHandler, pathOf } from "../../shared/http.ts";
import type { Logger } from "../../shared/log.ts";
import { proxy, type StreamSource } from "../../shared/proxy.ts";

export interface Dispatch {
  objectStore: StreamSource;
  logProvider: StreamSource;
  secrets: StreamSource;
  log: Logger;
}

export function fromRegion({ objectStore, logProvider, secrets, log }: Dispatch): HttpHandler {
  const targets: [prefix: string, to: StreamSource][] = [
    ["/biplane.objectstore.v1.ObjectStoreService/", objectStore],
    ["/biplane.logs.v1.LogService/", logProvider],
    ["/biplane.events.v1.EventService/", logProvider],
    ["/biplane.metrics.v1.MetricsService/", logProvider],
    ["/biplane.secrets.v1.SecretStoreService/", secrets],
  ];
  return (request, response) => {
    const to = targets.find(([prefix]) => pathOf(request).startsWith(prefix))?.[1];
    if (to) return proxy(request, response, { to, lost: "the compute plane's service cannot be reached", log });
    log.warn("a request that the region may not make was refused", { path: pathOf(request) });
    answerError(request, response, new ConnectError("the compute plane does not serve this path", Code.Unimplemented));
  };
}

/** What services of this cluster may ask of the region; the tunnel's certificate says who asks. */
export function toRegion(link: StreamSource, pinnedKeys: () => string | undefined, log: Logger): HttpHandler {
  const prefixes = [
    "/biplane.queue.v1.ExecutorQueueService/",
    "/biplane.projects.v1.ProjectDirectoryService/",
    "/biplane.apps.v1.AppDirectoryService/",
    "/biplane.apps.v1.AppAccessService/",
    "/biplane.cluster.v1.ClusterLinkService/",
  ];
  return (request, response) => {
    const path = pathOf(request);
    if (path === "/pinned/keys") return answerKeys(pinnedKeys(), response);
    if (prefixes.some((prefix) => path.startsWith(prefix))) {
      const headers = { authorization: undefined, cookie: undefined };
      return proxy(request, response, { to: link, headers, lost: "the region cannot be reached, try again", log });
    }
    answerError(request, response, new ConnectError("the tunnel does not serve this path", Code.Unimplemented));
  };
}

function answerKeys(keys: string | undefined, response: Parameters<HttpHandler>[1]): void {
  response.writeHead(keys === undefined ? 503 : 200, { "content-type": "application/json" });
  response.end(keys ?? '{"code":"unavailable","message":"the cluster has not registered yet"}');
}
