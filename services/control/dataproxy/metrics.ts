/** Measurements on their way through. One stream that was lost begins anew; what was told already is left out. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { CallOptions, Client } from "@connectrpc/connect";
import type {
  MetricsService,
  WatchMetricsRequestSchema,
  WatchMetricsResponse,
} from "../../../gen/biplane/metrics/v1/metrics_pb.js";
import { type StreamOptions, takenUpAgain } from "./again.ts";

/** Empty messages keep the stream alive. */
export async function* watchMetrics(
  metrics: Client<typeof MetricsService>,
  request: MessageInitShape<typeof WatchMetricsRequestSchema>,
  options: StreamOptions,
): AsyncGenerator<Partial<Pick<WatchMetricsResponse, "measurement">>> {
  let toldAt = Number.NEGATIVE_INFINITY;
  const open = (call: CallOptions) => metrics.watchMetrics(request, call);
  for await (const answer of takenUpAgain(open, options)) {
    const { measurement } = answer ?? {};
    const at = measurement?.measuredAt ? timestampMs(measurement.measuredAt) : undefined;
    if (at === undefined || measurement === undefined) yield {};
    else if (at > toldAt) {
      toldAt = at;
      yield { measurement };
    }
  }
}
