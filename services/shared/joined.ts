import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/**
 * Passes what comes on either to the other, under back-pressure. The end of one is the end of both, whatever the reason:
 * whoever speaks over them finds out by what is missing.
 *
 * @returns once both are over
 */
export function joined(stream: Duplex, socket: Socket): Promise<void> {
  const end = () => {
    stream.destroy();
    socket.destroy();
  };
  for (const one of [stream, socket]) one.on("error", end).once("close", end);
  stream.pipe(socket).pipe(stream);
  if (stream.destroyed) end();
  // A connection of the system tells its end always, which a stream over others does not.
  return new Promise((resolve) => socket.once("close", () => resolve()));
}
