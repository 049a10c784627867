/** The connector's end of a tunnel: a few connections wait at the edge at any time, and one that is taken makes room for another. */
import { connect as connectPlain, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type TLSSocket } from "node:tls";
import { joined } from "../../../services/shared/joined.ts";
import { readLine } from "../tunnels/line.ts";

/** As many connections as `cloudflared` holds. */
const waitingConnections = 4;
const retryMs = 1_000;

export interface ConnectorOptions {
  /** Of the edge; its certificate must be for this name. */
  host: string;
  port: number;
  token: string;
  /** @default where the name leads to */
  address?: string;
  /** @default the system's */
  ca?: Buffer;
}

export interface Connector {
  /** Whether the edge knows it. */
  isReady(): boolean;
  close(): void;
}

export function startConnector({ host, port, token, address = host, ca }: ConnectorOptions): Connector {
  const sockets = new Set<Socket>();
  let registered = 0;
  let closed = false;

  const keep = <Kind extends Socket>(socket: Kind): Kind => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
    return socket;
  };

  /** @returns once the connection is taken, or is over */
  async function wait(edge: TLSSocket): Promise<void> {
    edge.setKeepAlive(true, 10_000);
    edge.write(`${token}\n`);
    if ((await readLine(edge)) !== "registered") throw new Error("the edge does not know this token");
    registered += 1;
    edge.once("close", () => {
      registered -= 1;
    });
    const service = await readLine(edge);
    const { hostname, port: given } = new URL(service);
    const origin = keep(connectPlain(given === "" ? 80 : Number(given), hostname));
    void joined(edge, origin);
  }

  async function goOn(): Promise<void> {
    while (!closed) {
      const edge = keep(connect({ host: address, port, servername: host, ...(ca ? { ca } : {}) }));
      try {
        await wait(edge);
      } catch (error) {
        edge.destroy();
        if (!closed) process.stderr.write(`a connection to the edge failed: ${String(error)}\n`);
        await sleep(retryMs, undefined, { ref: false });
      }
    }
  }

  for (let at = 0; at < waitingConnections; at += 1) void goOn();
  return {
    isReady: () => registered > 0,
    close() {
      closed = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}
