/** Where the edge's Envoy sends what comes for hosts that lead into tunnels: each request goes down the tunnel of its host. */
import {
  Agent,
  request as ask,
  type ClientRequestArgs,
  createServer,
  type IncomingMessage,
  type Server,
} from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { joined } from "../../../services/shared/joined.ts";
import type { Waiting } from "./waiting.ts";

export interface Route {
  tunnel: string;
  /** Where its connector takes it, as the tunnel's configuration says. */
  service: string;
}

/** What Cloudflare answers where a host's tunnel is not there (error 1033). */
const noTunnel = 530;

/** @param routeOf what a host leads to, if to any tunnel */
export function createTunnelFront(waiting: Waiting, routeOf: (host: string) => Route | undefined): Server {
  const open = async ({ tunnel, service }: Route): Promise<Socket> => {
    const socket = await waiting.take(tunnel);
    socket.write(`${service}\n`);
    return socket;
  };
  const agent = new (class extends Agent {
    // A connection is kept for the route that it was opened for: by its name the agent knows it.
    override createConnection({ host }: ClientRequestArgs, opened: (error: Error | null, socket: Duplex) => void) {
      open(JSON.parse(String(host)) as Route).then(
        (socket) => opened(null, socket),
        (error: Error) => opened(error, undefined as unknown as Duplex),
      );
      return undefined;
    }
  })({ keepAlive: true, maxFreeSockets: 64 });

  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 });
  server.on("request", (request, response) => {
    const route = routeOf(hostOf(request));
    if (!route) return void response.writeHead(noTunnel).end();
    const { method, url: path } = request;
    const headers = forwarded(request);
    const upstream = ask({ agent, host: JSON.stringify(route), method, path, headers, setHost: false });
    response.once("close", () => upstream.destroy());
    upstream.once("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, withoutConnection(answer.rawHeaders));
      response.flushHeaders();
      pipeline(answer, response).catch(() => response.destroy());
    });
    upstream.once("error", () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(noTunnel).end();
    });
    request.on("error", () => upstream.destroy());
    request.pipe(upstream);
  });
  // Bytes from here on, whatever is answered.
  server.on("upgrade", (request, near, head) => {
    near.on("error", () => undefined);
    const route = routeOf(hostOf(request));
    if (!route)
      return void near.end(`HTTP/1.1 ${noTunnel} No tunnel\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
    open(route).then(
      (far) => {
        far.write(`${request.method} ${request.url} HTTP/1.1\r\n${linesOf(request.rawHeaders)}\r\n`);
        if (head.length > 0) far.write(head);
        void joined(near, far);
      },
      () => near.destroy(),
    );
  });
  server.on("close", () => agent.destroy());
  return server;
}

function hostOf({ headers }: IncomingMessage): string {
  return (headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
}

const ofConnection = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]);

function forwarded(request: IncomingMessage): string[] {
  const chunked = request.headers["transfer-encoding"] === undefined ? [] : ["transfer-encoding", "chunked"];
  return [...withoutConnection(request.rawHeaders), ...chunked];
}

/** @param raw names and values in turn, as is what it returns */
function withoutConnection(raw: string[]): string[] {
  return pairs(raw)
    .filter(([name]) => !ofConnection.has(name.toLowerCase()))
    .flat();
}

const linesOf = (raw: string[]) =>
  pairs(raw)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");

function pairs(raw: string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, at) => [raw[at * 2] ?? "", raw[at * 2 + 1] ?? ""]);
}
