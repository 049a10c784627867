/** Liveness, readiness and metrics over HTTP/1.1, which is what kubelets and Prometheus speak. Never open to the outside. */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { messageOf } from "../../shared/errors.ts";
import { metricsContentType, renderMetrics } from "./metrics.ts";
import { redactText } from "./redact.ts";
import { type ServiceTls, serverTls } from "./service-tls.ts";

export interface Health {
  port: number;
  close(): Promise<void>;
}

/**
 * Asks its callers for no certificate: a kubelet has none to show.
 * @param ready throws with the reason while the service cannot do its work; asked at most for 2 s
 * @param tls what it shows. @default in clear
 */
export async function startHealth(port: number, ready: () => Promise<void>, tls?: ServiceTls): Promise<Health> {
  const listener: RequestListener = async (request, response) => {
    const [status, text, type = "text/plain"] = await answer(request.url, ready);
    response.writeHead(status, { "content-type": type }).end(text);
  };
  const server = tls ? createTlsServer(serverTls(tls), listener) : createServer(listener);
  server.listen(port);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

type Answer = [status: number, text: string, type?: string];

async function answer(path: string | undefined, ready: () => Promise<void>): Promise<Answer> {
  if (path === "/healthz") return [200, "alive\n"];
  if (path === "/metrics") return [200, await renderMetrics(), metricsContentType];
  if (path !== "/readyz") return [404, "only /healthz, /readyz and /metrics are here\n"];
  try {
    const late = AbortSignal.timeout(2_000);
    await Promise.race([
      ready(),
      new Promise((_, reject) => late.addEventListener("abort", () => reject(new Error("not known within 2 s")))),
    ]);
    return [200, "ready\n"];
  } catch (error) {
    return [503, `${redactText(messageOf(error))}\n`];
  }
}
