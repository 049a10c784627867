import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { paths } from "../../paths.ts";
import { ensureAuthority, ensureLeaf } from "../../pki.ts";
import { type Connector, startConnector } from "../connector/connector.ts";
import { createTunnelFront } from "./front.ts";
import { Waiting } from "./waiting.ts";

const host = "hello-demo-development.apps.test";
const edgeName = "edge.test";
const token = "token-of-the-tunnel";
let state: string;
let app: Server;
let edge: TlsServer;
let front: Server;
let connector: Connector;
let ca: Buffer;
let later: () => void;
const accepted: Socket[] = [];

const portOf = (server: Server | TlsServer) => (server.address() as AddressInfo).port;
async function listening<Kind extends Server | TlsServer>(server: Kind): Promise<Kind> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), "tunnels-"));
  const here = paths({ ...process.env, BIPLANE_STATE: state });
  ca = readFileSync((await ensureAuthority(here)).certificate);
  const leaf = await ensureLeaf(here, { name: "edge-tunnels", dns: [edgeName] });
  const server = createServer(async (asked, response) => {
    if (asked.url === "/stream") {
      response.write("first\n");
      later = () => response.end("last\n");
      return;
    }
    response.writeHead(201, { "x-app": "yes" }).end(`${asked.method} ${asked.headers.host} ${await text(asked)}`);
  });
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) => socket.on("message", (said) => socket.send(said)));
  app = await listening(server);
  const waiting = new Waiting((said) => (said === token ? "tunnel" : undefined));
  const pair = { cert: readFileSync(leaf.certificate), key: readFileSync(leaf.key) };
  edge = await listening(
    createTlsServer(pair, (socket) => {
      accepted.push(socket);
      waiting.admit(socket).catch(() => socket.destroy());
    }),
  );
  const route = { tunnel: "tunnel", service: `http://127.0.0.1:${portOf(app)}` };
  front = await listening(createTunnelFront(waiting, (asked) => (asked === host ? route : undefined)));
  connector = startConnector({ host: edgeName, address: "127.0.0.1", port: portOf(edge), token, ca });
});
afterAll(() => {
  connector.close();
  front.close();
  front.closeAllConnections();
  edge.close();
  app.close();
  app.closeAllConnections();
  rmSync(state, { recursive: true });
});

async function send(to: string, options: { method?: string; path?: string; body?: string } = {}) {
  const { body, ...rest } = options;
  const sent = request({ host: "127.0.0.1", port: portOf(front), headers: { host: to }, agent: false, ...rest });
  sent.end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return answer;
}

it("takes requests down the tunnel of their host, many at once, and their answers back", async () => {
  const bodies = Array.from({ length: 20 }, (_, at) => `body ${at}`);
  const answers = await Promise.all(bodies.map((body) => send(host, { method: "POST", body })));
  expect(answers.map(({ statusCode, headers }) => [statusCode, headers["x-app"]])).toEqual(
    bodies.map(() => [201, "yes"]),
  );
  expect(await Promise.all(answers.map((answer) => text(answer)))).toEqual(
    bodies.map((body) => `POST ${host} ${body}`),
  );
  expect(connector.isReady()).toBe(true);
});

it("knows no other host", async () => {
  expect((await send("other.apps.test")).statusCode).toBe(530);
});

it("brings what streams as it comes", async () => {
  const answer = await send(host, { path: "/stream" });
  expect(String((await once(answer, "data"))[0])).toBe("first\n");
  later();
  expect(String((await once(answer, "data"))[0])).toBe("last\n");
});

it("passes a WebSocket both ways", async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${portOf(front)}/`, { headers: { host } });
  await once(socket, "open");
  socket.send("said");
  expect(String((await once(socket, "message"))[0])).toBe("said");
  socket.terminate();
});

it("comes back once all connections have been cut", async () => {
  for (const socket of accepted) socket.destroy();
  const again = async () => expect((await send(host)).statusCode).toBe(201);
  await vi.waitFor(again, { timeout: 10_000, interval: 200 });
  for (let turn = 0; turn < 10; turn += 1) await again();
});

it("lets nobody be a connector by another token", async () => {
  const stranger = startConnector({ host: edgeName, address: "127.0.0.1", port: portOf(edge), token: "other", ca });
  const ready = vi.waitFor(() => expect(stranger.isReady()).toBe(true), { timeout: 500 });
  await expect(ready).rejects.toThrow();
  stranger.close();
});
