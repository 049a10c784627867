import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { Code, createClient } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { AuthorizerService } from "../../gen/biplane/policy/v1/policy_pb.js";
import { upstream } from "./client.ts";

async function calling(answer: "nothing, and the end of the connection" | "aborted" | "a stranger's 404") {
  const server = createServer();
  let connection: Socket | undefined;
  server.on("connection", (socket: Socket) => {
    connection = socket;
  });
  server.on("stream", (stream) => {
    stream.on("error", () => undefined);
    // As the kernel does for a process that was killed.
    if (answer === "nothing, and the end of the connection") return connection?.resetAndDestroy();
    if (answer === "a stranger's 404") {
      stream.respond({ ":status": 404, "content-type": "text/plain" });
      return stream.end("404 page not found");
    }
    stream.respond({ ":status": 409, "content-type": "application/json" });
    stream.end(JSON.stringify({ code: "aborted", message: "the run has ended" }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { transport, close } = upstream(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const called = createClient(AuthorizerService, transport).resolve({});
  await called.catch(() => undefined);
  close();
  server.close();
  return called;
}

it("says of a connection that was lost under a call: try again", async () => {
  await expect(calling("nothing, and the end of the connection")).rejects.toMatchObject({ code: Code.Unavailable });
});

it("leaves what the other side answers as it is", async () => {
  await expect(calling("aborted")).rejects.toMatchObject({ code: Code.Aborted, rawMessage: "the run has ended" });
});

it("says of a stranger who answers in the service's place: try again", async () => {
  await expect(calling("a stranger's 404")).rejects.toMatchObject({
    code: Code.Unavailable,
    rawMessage: "another server answered: HTTP 404",
  });
});
