/** Liveness and readiness over HTTP/1.1, which is what kubelets speak. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf } from "../../shared/errors.ts";
import { redactText } from "./redact.ts";

export interface Health {
  port: number;
  close(): Promise<void>;
}

/** @param ready throws with the reason while the service cannot do its work; asked at most for 2 s. */
export async function startHealth(port: number, ready: () => Promise<void>): Promise<Health> {
  const server = createServer(async (request, response) => {
    const [status, text] = await answer(request.url, ready);
    response.writeHead(status, { "content-type": "text/plain" }).end(`${text}\n`);
  });
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

async function answer(path: string | undefined, ready: () => Promise<void>): Promise<[number, string]> {
  if (path === "/healthz") return [200, "alive"];
  if (path !== "/readyz") return [404, "only /healthz and /readyz are here"];
  try {
    const late = AbortSignal.timeout(2_000);
    await Promise.race([
      ready(),
      new Promise((_, reject) => late.addEventListener("abort", () => reject(new Error("not known within 2 s")))),
    ]);
    return [200, "ready"];
  } catch (error) {
    return [503, redactText(messageOf(error))];
  }
}
