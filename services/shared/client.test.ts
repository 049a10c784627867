import { Code, createClient } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { AuthorizerService } from "../../gen/biplane/policy/v1/policy_pb.js";
import { upstream } from "./client.ts";
import { answering } from "./testing/answering.ts";

async function calling(answer: "nothing, and the end of the connection" | "aborted" | "a stranger's 404") {
  const server = await answering((stream, cut) => {
    if (answer === "nothing, and the end of the connection") return cut();
    if (answer === "a stranger's 404") {
      stream.respond({ ":status": 404, "content-type": "text/plain" });
      return stream.end("404 page not found");
    }
    stream.respond({ ":status": 409, "content-type": "application/json" });
    stream.end(JSON.stringify({ code: "aborted", message: "the run has ended" }));
  });
  const { transport, close } = upstream(server.url);
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
