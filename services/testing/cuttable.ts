/** A TCP passthrough that tests can cut or freeze: what a network between two hosts does. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Cuttable {
  port: number;
  /** Ends every connection at once. */
  cut(): void;
  /** The same once so many more bytes have passed, both directions together. */
  cutAfter(bytes: number): void;
  /** From now on nothing passes and nothing is closed, on connections that are open; new ones pass. */
  freeze(): void;
  /** As a balancer does: from now on a connection on which nothing passes for so long is ended. */
  cutIdle(afterMs: number): void;
  close(): void;
}

/** @param to asked at each connection. */
export async function cuttable(to: () => number): Promise<Cuttable> {
  const open = new Set<[Socket, Socket]>();
  let idleMs = 0;
  let left = Number.POSITIVE_INFINITY;
  const server = createServer((near) => {
    const far = connect(to(), "127.0.0.1").setNoDelay();
    near.setNoDelay();
    const pair: [Socket, Socket] = [near, far];
    open.add(pair);
    near.setTimeout(idleMs, () => near.destroy());
    near.pipe(far).pipe(near);
    for (const socket of pair) {
      // Both ends are told by the close of the other; why is not of interest here.
      socket.on("error", () => undefined);
      socket.on("data", (chunk) => {
        left -= chunk.length;
        if (left < 0) cut();
      });
      socket.once("close", () => {
        for (const one of pair) one.destroy();
        open.delete(pair);
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    left = Number.POSITIVE_INFINITY;
    for (const pair of open) for (const socket of pair) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    cutAfter(bytes) {
      left = bytes;
    },
    freeze() {
      for (const [near, far] of open) {
        near.unpipe(far).pause();
        far.unpipe(near).pause();
      }
    },
    cutIdle(afterMs) {
      idleMs = afterMs;
      for (const [near] of open) near.setTimeout(idleMs);
    },
    close() {
      server.close();
      cut();
    },
  };
}
