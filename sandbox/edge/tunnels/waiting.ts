/** Connections that connectors have opened and that wait for a request, by tunnel. */
import type { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { readLine } from "./line.ts";

/** Whoever asks waits so long for a connector that is about to dial. */
const patienceMs = 5_000;

export class Waiting {
  readonly #tunnelOf: (token: string) => string | undefined;
  readonly #sockets = new Map<string, Socket[]>();
  readonly #askers = new Map<string, ((socket: Socket) => void)[]>();

  /** @param tunnelOf the tunnel whose token it is */
  constructor(tunnelOf: (token: string) => string | undefined) {
    this.#tunnelOf = tunnelOf;
  }

  /** Of a connector that has just dialled: it says its token, and is told that it is known. */
  async admit(socket: Socket): Promise<void> {
    socket.on("error", () => undefined);
    // Whoever dials and says nothing is not held.
    socket.setTimeout(patienceMs, () => socket.destroy());
    const tunnel = this.#tunnelOf(await readLine(socket));
    socket.setTimeout(0);
    if (tunnel === undefined) {
      socket.end("unknown\n");
      return;
    }
    socket.write("registered\n");
    const asker = this.#askers.get(tunnel)?.shift();
    if (asker) return asker(socket);
    const sockets = this.#sockets.get(tunnel) ?? [];
    this.#sockets.set(tunnel, [...sockets, socket]);
    socket.once("close", () => this.#forget(tunnel, socket));
    // Nothing comes before it is taken, and its end is seen only by somebody who reads.
    socket.once("readable", () => socket.destroy());
  }

  /** @returns a connection of the tunnel that nobody else has. @throws where its connector opens none */
  async take(tunnel: string): Promise<Socket> {
    const held = this.#sockets.get(tunnel)?.find((socket) => !socket.destroyed);
    if (held) {
      this.#forget(tunnel, held);
      held.removeAllListeners("readable");
      // Only then it is nobody's again who reads.
      await nextTurn();
      // In between its connector may have gone.
      return held.destroyed ? this.take(tunnel) : held;
    }
    return new Promise((resolve, reject) => {
      const askers = this.#askers.get(tunnel) ?? [];
      this.#askers.set(tunnel, askers);
      const take = (socket: Socket) => {
        clearTimeout(late);
        resolve(socket);
      };
      const late = setTimeout(() => {
        askers.splice(askers.indexOf(take), 1);
        reject(new Error("no connector of the tunnel is there"));
      }, patienceMs);
      askers.push(take);
    });
  }

  #forget(tunnel: string, socket: Socket): void {
    const kept = (this.#sockets.get(tunnel) ?? []).filter((one) => one !== socket);
    if (kept.length > 0) this.#sockets.set(tunnel, kept);
    else this.#sockets.delete(tunnel);
  }
}
