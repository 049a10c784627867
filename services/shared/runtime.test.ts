import { once } from "node:events";
import { connect } from "node:http2";
import { text } from "node:stream/consumers";
import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { answering } from "./testing/answering.ts";

/**
 * Node 24.20 and 24.21 end such an answer with "Premature close" (nodejs/node issue 65677, open). The library of our RPCs reads
 * every answer so, and a machine that is busy has its answers whole before they are read.
 */
it("reads an answer to its end that was there, and its stream over, before anybody read it", async () => {
  const server = await answering((stream) => {
    stream.respond({ ":status": 200 });
    stream.end("the whole answer");
  });
  const session = connect(server.url);
  try {
    const stream = session.request({ ":path": "/" });
    stream.pause();
    await once(stream, "response");
    while (!stream.closed) await turn();
    expect(await text(stream)).toBe("the whole answer");
  } finally {
    session.close();
    server.close();
  }
});
