/**
 * Cloudflare's edge and its connector in one, as far as a WebSocket sees them: TLS ends here, the service token is asked
 * for, and a connection on which nothing passes is cut. What lies beyond is reached by TCP on loopback.
 */
import { once } from "node:events";
import { createServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createWebSocketStream, WebSocketServer } from "ws";
import { joined } from "../shared/joined.ts";

export interface EdgeOptions {
  tls: { cert: string; key: string };
  access: { clientId: string; clientSecret: string };
  /** Of the connector's origin on loopback. Asked at each connection. */
  origin: () => number;
  /** As Cloudflare does after 100 s. */
  cutIdleMs: number;
}

export interface Edge {
  /** Bare host and port. */
  host: string;
  access: EdgeOptions["access"];
  /** How many were cut because nothing passed. */
  idleCuts(): number;
  /** Everything that passed from the region to the cluster and back, as the edge could read it. */
  seen(): Buffer;
  /** Ends every connection at once. */
  cut(): void;
  close(): void;
}

export async function startEdge({ tls, access, origin, cutIdleMs }: EdgeOptions): Promise<Edge> {
  const open = new Set<Socket>();
  const passed: Buffer[] = [];
  let idleCuts = 0;
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const server = createServer(tls, (_request, response) => response.writeHead(404).end());
  server.on("upgrade", (request, near: Socket, head) => {
    const { "cf-access-client-id": id, "cf-access-client-secret": secret } = request.headers;
    if (id !== access.clientId || secret !== access.clientSecret) {
      near.end("HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, near, head, (arrived) => {
      const far = connect(origin(), "127.0.0.1").setNoDelay();
      const stream = createWebSocketStream(arrived);
      stream.on("data", (chunk) => passed.push(chunk));
      far.on("data", (chunk) => passed.push(chunk));
      void joined(stream, far);
    });
    open.add(near);
    near.once("close", () => open.delete(near));
    near.setTimeout(cutIdleMs, () => {
      idleCuts += 1;
      near.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    for (const one of open) one.destroy();
  };
  return {
    access,
    host: `localhost:${(server.address() as AddressInfo).port}`,
    idleCuts: () => idleCuts,
    seen: () => Buffer.concat(passed),
    cut,
    close() {
      server.close();
      cut();
    },
  };
}
