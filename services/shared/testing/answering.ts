/** A server that answers each request by hand: for what none of ours would send. */
import { once } from "node:events";
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Socket } from "node:net";

/** @param cut ends the connection as the kernel does for a process that was killed */
export async function answering(answer: (stream: ServerHttp2Stream, cut: () => void) => void) {
  const server = createServer();
  let connection: Socket | undefined;
  server.on("connection", (socket: Socket) => {
    connection = socket;
  });
  server.on("stream", (stream) => {
    stream.on("error", () => undefined);
    answer(stream, () => connection?.resetAndDestroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}
