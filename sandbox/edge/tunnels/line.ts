/** Lines before the bytes of a connection: how connector and edge of the local run speak to each other until one is taken. */
import { once } from "node:events";
import type { Socket } from "node:net";

const longest = 8 * 1024;

/** @returns the next line; what comes behind it stays to be read. @throws where the connection ends before */
export async function readLine(socket: Socket): Promise<string> {
  let held = Buffer.alloc(0);
  for (;;) {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) {
      if (socket.readableEnded || socket.destroyed) throw new Error("the connection ended before a line did");
      const waiting = new AbortController();
      const { signal } = waiting;
      const events = ["readable", "end", "close"].map((event) => once(socket, event, { signal }));
      await Promise.race(events).finally(() => waiting.abort());
      continue;
    }
    held = Buffer.concat([held, chunk]);
    const at = held.indexOf("\n");
    if (at >= 0) {
      const rest = held.subarray(at + 1);
      if (rest.length > 0) socket.unshift(rest);
      return held.subarray(0, at).toString("utf8");
    }
    if (held.length > longest) throw new Error("a line is too long");
  }
}
