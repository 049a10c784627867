/**
 * Where compute planes arrive: mutual TLS 1.3. The certificate names the cluster, and ALPN the direction: on
 * "biplane-tunnel" the region becomes the client of the connection that the cluster dialled, on "h2" the server.
 */
import { once } from "node:events";
import { type ClientHttp2Session, connect, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect as connectTo } from "node:net";
import type { Duplex } from "node:stream";
import { createServer, type TLSSocket } from "node:tls";
import {
  type ClusterName,
  clusterOfCertificate,
  type Presented,
  serialOf,
  tunnelProtocol,
} from "../../shared/cluster-identity.ts";
import { type HttpHandler, safely } from "../../shared/http.ts";
import { joined } from "../../shared/joined.ts";
import { sessionMemoryMegabytes, streamWindowBytes } from "../../shared/limits.ts";
import type { Logger } from "../../shared/log.ts";
import { counter } from "../../shared/metrics.ts";
import { observed } from "../../shared/observed.ts";
import { announcing, type Replica } from "../../shared/relay-replica.ts";
import { closeGently, drainSettings, keepAlive, onDraining, type PingTimes } from "../../shared/session-life.ts";
import type { Standing } from "./standing.ts";
import type { TunnelRecords } from "./tunnel-records.ts";
import type { Tunnels } from "./tunnels.ts";

export interface ClusterListenerOptions {
  port: number;
  /** PEM: the relay's own pair, and the authority that signs clusters. */
  cert: string;
  key: string;
  clusterCa: string;
  tunnels: Tunnels;
  records: TunnelRecords;
  /** Told to each tunnel. */
  replica(): Replica;
  standing: Standing;
  /** Serves what a cluster asks of the region. */
  serve(came: Presented): HttpHandler;
  ping?: PingTimes;
  log: Logger;
}

export interface ClusterListener {
  port: number;
  /**
   * Treats a connection that the region made to `expected` as one that the cluster made.
   *
   * @returns once the tunnel on it takes no more requests, or it has ended
   */
  take(connection: Duplex, expected: ClusterName): Promise<void>;
  /** Accepts no more, and asks clusters to go elsewhere once their requests are done. */
  drain(): void;
  close(): Promise<void>;
}

const settings = { initialWindowSize: streamWindowBytes, enablePush: false };

const arrivals = counter("biplane_relay_connections_total", "Connections of compute planes, by what became of them", {
  outcome: ["tunnel", "calls", "refused"],
});

export async function listenForClusters(options: ClusterListenerOptions): Promise<ClusterListener> {
  const { log } = options;
  const sockets = new Set<TLSSocket>();
  const draining = new Set<() => void>();
  const server = createServer({
    cert: options.cert,
    key: options.key,
    ca: options.clusterCa,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: "TLSv1.3",
    ALPNProtocols: [tunnelProtocol, "h2"],
    handshakeTimeout: 10_000,
  });
  server.on("tlsClientError", (error) => {
    arrivals.add({ outcome: "refused" });
    log.warn("a connection was refused", { error });
  });
  /** Those that `take` brings, by the port of their end on this machine. */
  const called: Called = new Map();
  const welcome = async (socket: TLSSocket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", (error) => log.debug("a connection failed", { error }));
    const call = isLoopback(socket) ? called.get(socket.remotePort ?? 0) : undefined;
    const came = identify(socket);
    if (!came || (call && !isSame(came, call.expected))) {
      const expected = call?.expected;
      log.warn("a certificate that names no cluster, or another than was called, was refused", { came, expected });
      arrivals.add({ outcome: "refused" });
      socket.destroy();
      return;
    }
    // What it sends meanwhile waits in the socket, until a session reads it.
    const may = await options.standing.mayCome(came);
    if (!may || !server.listening) socket.destroy();
    if (!may) arrivals.add({ outcome: "refused" });
    if (socket.destroyed) return;
    options.standing.watch(came, socket);
    log.info("a cluster has connected", { ...came, protocol: socket.alpnProtocol });
    if (socket.alpnProtocol === tunnelProtocol) {
      const made = openTunnel(socket, came, options);
      call?.tunnel(made);
      arrivals.add({ outcome: "tunnel" });
    } else if (socket.alpnProtocol === "h2") {
      const end = serveCluster(socket, came, options);
      draining.add(end);
      arrivals.add({ outcome: "calls" });
      socket.once("close", () => draining.delete(end));
    } else socket.destroy();
  };
  server.on("secureConnection", (socket) => {
    welcome(socket).catch((error: unknown) => {
      log.error("a connection could not be taken", { error });
      socket.destroy();
    });
  });
  server.listen(options.port);
  await once(server, "listening");
  const drain = () => {
    if (server.listening) server.close();
    options.tunnels.drain();
    for (const close of draining) close();
  };
  const { port } = server.address() as AddressInfo;
  return {
    port,
    take: (connection, expected) => bring(connection, expected, port, called),
    drain,
    async close() {
      const closed = server.listening ? once(server, "close") : undefined;
      drain();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** @returns undefined for the authority's other certificates; a connection does not outlive its certificate. */
function identify(socket: TLSSocket): Presented | undefined {
  const certificate = socket.getPeerX509Certificate();
  const name = clusterOfCertificate(certificate?.subjectAltName);
  if (!certificate || !name) return undefined;
  const leftMs = new Date(certificate.validTo).getTime() - Date.now();
  const end = setTimeout(() => socket.destroy(new Error("the certificate has ended")), leftMs);
  socket.once("close", () => clearTimeout(end));
  return { ...name, serial: serialOf(certificate.serialNumber) };
}

type Called = Map<number, { expected: ClusterName; tunnel(made: ClientHttp2Session): void }>;

/** To the listener's own port: a connection of the system ends as a whole, which one of streams over streams does not. */
async function bring(connection: Duplex, expected: ClusterName, port: number, called: Called): Promise<void> {
  const near = connectTo(port, "127.0.0.1").setNoDelay();
  const over = joined(connection, near);
  await Promise.race([new Promise<void>((resolve) => near.once("connect", resolve)), over]);
  const { localPort } = near;
  if (localPort === undefined || near.destroyed) return over;
  const retired = new Promise<void>((resolve) => {
    called.set(localPort, { expected, tunnel: (made) => void noMoreRequests(made).then(resolve) });
  });
  void over.then(() => called.delete(localPort));
  await Promise.race([retired, over]);
}

function isLoopback({ remoteAddress }: TLSSocket): boolean {
  return remoteAddress === "127.0.0.1" || remoteAddress === "::ffff:127.0.0.1";
}

function isSame(one: ClusterName, other: ClusterName): boolean {
  return one.org === other.org && one.cluster === other.cluster;
}

function noMoreRequests(tunnel: ClientHttp2Session): Promise<void> {
  return new Promise((resolve) => {
    onDraining(tunnel, resolve);
    tunnel.once("goaway", () => resolve());
    tunnel.once("close", () => resolve());
  });
}

function openTunnel(
  socket: TLSSocket,
  came: Presented,
  { tunnels, records, replica, ping, log }: ClusterListenerOptions,
): ClientHttp2Session {
  const name: ClusterName = { org: came.org, cluster: came.cluster };
  const session = connect("http://tunnel", {
    createConnection: () => socket,
    settings: { ...settings, ...announcing(replica()) },
    remoteCustomSettings: drainSettings,
    maxSessionMemory: sessionMemoryMegabytes,
  });
  session.on("error", (error) => log.debug("a tunnel failed", { ...name, error }));
  // Only once the other side speaks HTTP/2 is there something to send requests to.
  session.once("remoteSettings", () => {
    tunnels.add(name, session);
    records.opened(came);
    session.once("close", () => records.closed(came));
  });
  session.once("close", () => log.info("a tunnel has closed", { ...name }));
  keepAlive(session, ping);
  return session;
}

/** @returns a function that ends the session once its requests are done. */
function serveCluster(socket: TLSSocket, came: Presented, { serve, ping, log }: ClusterListenerOptions): () => void {
  const server = createHttp2Server(
    { settings, maxSessionMemory: sessionMemoryMegabytes },
    safely(observed({ server: "relay", callers: "others" }, serve(came)), log),
  );
  let close = () => {};
  server.on("session", (session) => {
    close = () => closeGently(session);
    session.on("error", (error) => log.debug("a session failed", { ...came, error }));
    keepAlive(session, ping);
  });
  server.emit("connection", socket);
  return () => close();
}
