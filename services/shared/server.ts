/** One listening port: HTTP/2 over TLS, for outsiders 1.1 as well; HTTP/2 in clear where no certificate is given. */
import { once } from "node:events";
import { createSecureServer, createServer, type SecureServerOptions, type ServerHttp2Session } from "node:http2";
import { type AddressInfo, Server as NetServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type HttpHandler, safely } from "./http.ts";
import { sessionMemoryMegabytes, streamWindowBytes } from "./limits.ts";
import type { Logger } from "./log.ts";
import { servingOnly } from "./service-tls.ts";
import { closeGently } from "./session-life.ts";

export interface ServerOptions {
  port: number;
  handler: HttpHandler;
  log: Logger;
  /** TLS; HTTP/1.1 is allowed too where no `callers` are named. @default HTTP/2 in clear */
  tls?: Pick<SecureServerOptions, "cert" | "key" | "ca" | "requestCert" | "rejectUnauthorized" | "minVersion">;
  /** The services that may call, by their certificates. @default whoever `tls` lets in */
  callers?: readonly string[] | undefined;
}

export interface Server {
  /** The port that it listens on, chosen by the system where 0 was asked for. */
  port: number;
  /** Accepts nothing new; tells sessions to end. */
  drain(): void;
  /** Ends when the last session has, or by force after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

export async function startServer({ port, handler, log, tls, callers }: ServerOptions): Promise<Server> {
  const settings = { initialWindowSize: streamWindowBytes, maxConcurrentStreams: 10_000 };
  const options = { settings, maxSessionMemory: sessionMemoryMegabytes };
  const server = tls ? createSecureServer({ ...tls, ...options, allowHTTP1: !callers }) : createServer(options);
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  server.on("request", safely(callers ? servingOnly(callers, handler, log) : handler, log));
  server.on("session", (session: ServerHttp2Session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    // It was on its way when the server stopped listening.
    if (!server.listening) closeGently(session);
    session.on("error", (error) => log.debug("a session failed", { error }));
  });
  // One that never ends its handshake is no "secureConnection", and would hold the end for two minutes.
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", (error: Error) => log.debug("a TLS handshake failed", { error }));
  server.listen(port);
  await once(server, "listening");
  const closed = once(server, "close");

  const drain = () => {
    // Not HTTP/2's own, which says GOAWAY on every session at once.
    if (server.listening) NetServer.prototype.close.call(server);
    for (const session of sessions) closeGently(session);
  };
  return {
    port: (server.address() as AddressInfo).port,
    drain,
    async close(graceMs) {
      drain();
      const timer = new AbortController();
      const force = sleep(graceMs, undefined, { signal: timer.signal }).then(
        () => {
          for (const socket of sockets) socket.destroy();
        },
        () => undefined,
      );
      await closed;
      timer.abort();
      await force;
    },
  };
}
