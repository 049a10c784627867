/**
 * Stands for Kourier's controller, whose program cannot be had here: it turns Knative's ingresses into the gateway's
 * routes, and tells each ingress when they are in effect.
 */
import { createServer, type IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { routesPort } from "../../components/serving/contract.ts";
import { createLogger } from "../../services/shared/log.ts";
import { keptKubeConfig } from "../../shared/kube-config.ts";
import { follow, statusWriter } from "./cluster.ts";
import { Discovery } from "./discovery.ts";
import type { Ingress } from "./ingress.ts";
import { renderRouting } from "./routes.ts";
import { nextStatus } from "./status.ts";

const log = createLogger("kourier-stand-in");
const stopping = new AbortController();
const config = keptKubeConfig();
config.loadFromDefault();

const discovery = new Discovery();
const write = statusWriter(config);
let stale = true;
const cluster = await follow(config, () => (stale = true), log, stopping.signal);

const server = createServer((request, response) => {
  answer(request)
    .then((found) => {
      response.statusCode = found ? 200 : 304;
      response.setHeader("content-type", "application/json");
      response.end(found && JSON.stringify(found));
    })
    .catch((error: unknown) => {
      log.warn("a gateway asked for what cannot be answered", { path: request.url, error });
      response.statusCode = 400;
      response.end();
    });
});

async function answer(request: IncomingMessage): Promise<object | undefined> {
  const kind = /^\/v3\/discovery:([a-z]+)$/.exec(request.url ?? "")?.[1] ?? "";
  return discovery.answer(kind, request.socket.remoteAddress ?? "", await json(request));
}

process.once("SIGTERM", () => {
  stopping.abort();
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
server.listen(routesPort);
log.info("started", { port: routesPort });

/** What the last telling was made of: only these can be said to be in effect. */
let told: Ingress[] = [];
while (!stopping.signal.aborted) {
  if (stale) {
    stale = false;
    told = cluster.ingresses();
    discovery.tell(renderRouting(told, cluster));
  }
  const inEffect = discovery.inEffect();
  for (const ingress of told) {
    const status = nextStatus(ingress, inEffect, new Date());
    if (!status) continue;
    await write(ingress, status).catch(async (error: unknown) => {
      log.warn("an ingress could not be told how it stands", { ingress: ingress.metadata.name, error });
      await sleep(1_000);
    });
    stale = true;
  }
  await sleep(100);
}
