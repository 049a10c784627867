import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { MetricsService } from "../../../gen/biplane/metrics/v1/metrics_pb.js";
import { codeOf } from "../../shared/testing/code-of.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { watchMetrics } from "./metrics.ts";

/** Seconds of measurements and endings, as a plane sends them; each connection by the next of these. */
async function told(connections: ("silence" | number | { ends: Code })[][]): Promise<(number | "silence")[]> {
  let opened = 0;
  const transport = createRouterTransport((router) => {
    router.service(MetricsService, {
      async *watchMetrics() {
        for (const next of connections[opened++] ?? []) {
          if (typeof next === "object") throw new ConnectError("ended", next.ends);
          yield next === "silence" ? {} : { measurement: { measuredAt: timestampFromMs(next * 1_000) } };
        }
      },
    });
  });
  const { signal } = new AbortController();
  const options = { call: async () => ({}), signal, log: recordingLog().log };
  const all: (number | "silence")[] = [];
  for await (const { measurement } of watchMetrics(createClient(MetricsService, transport), {}, options))
    all.push(measurement ? Number(measurement.measuredAt?.seconds) : "silence");
  expect(opened).toBe(connections.length);
  return all;
}

it("measurements over a stream that was lost are told once, and none that is older", async () => {
  const lost = { ends: Code.Unavailable };
  expect(
    await told([
      [15, 30, lost],
      [15, 30, 45],
    ]),
  ).toEqual([15, 30, "silence", 45]);
});

it("a stream of measurements stays alive while there is none", async () => {
  expect(await told([["silence", 15, "silence"]])).toEqual(["silence", 15, "silence"]);
});

it("a stream of measurements whose plane wants a newer word of the caller goes on by it", async () => {
  expect(await told([[15, { ends: Code.PermissionDenied }], [30]])).toEqual([15, "silence", 30]);
});

it("a cluster that measures nothing is told of at once", async () => {
  expect(await codeOf(told([[{ ends: Code.FailedPrecondition }]]))).toBe("FailedPrecondition");
});
