/** What stands behind the serving gateway: an app that tells what it was sent, streams, and speaks WebSocket. */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type WebSocket, WebSocketServer } from "ws";

export interface Seen {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage["headers"];
  body: string;
}

export async function startApp() {
  const seen: Seen[] = [];
  const open: (() => void)[] = [];
  let written = 0;
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    seen.push({ method, url, headers, body: url === "/cut" ? "" : await text(request) });
    if (url === "/cookies") {
      response.setHeader("set-cookie", [
        "theirs=1",
        "__Host-biplane-session=stolen; Path=/; Secure",
        "__host-Biplane-x=1",
      ]);
      response.setHeader("cache-control", "public, max-age=600");
    }
    if (url === "/stream") {
      response.write("first\n");
      open.push(() => response.end("last\n"));
      return;
    }
    if (url === "/flood") {
      const chunk = Buffer.alloc(64 * 1024, "x");
      const more = () => {
        while (!response.destroyed && written < 512 * 1024 * 1024) {
          written += chunk.length;
          if (!response.write(chunk)) return response.once("drain", more);
        }
        return response.end();
      };
      return void more();
    }
    if (url === "/cut") return void request.socket.destroy();
    response.end(`app ${headers.host}`);
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    if (request.url === "/refused") return void socket.end("HTTP/1.1 418 No\r\ncontent-length: 2\r\n\r\nno");
    seen.push({ method: request.method, url: request.url, headers: request.headers, body: "" });
    sockets.handleUpgrade(request, socket, head, (client: WebSocket) => {
      client.on("message", (data, binary) => client.send(data, { binary }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    seen,
    /** Of `/flood`. */
    written: () => written,
    /** Streams go on to their end. */
    finish() {
      for (const one of open.splice(0)) one();
    },
    close() {
      sockets.close();
      server.closeAllConnections();
      server.close();
    },
  };
}
