/** What one attempt's pod uses, to whom the plane itself allows it; nothing is kept or written. */
import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { MetricsService } from "../../../gen/biplane/metrics/v1/metrics_pb.js";
import { callerOf } from "../../shared/auth/caller.ts";
import { notFound, precondition } from "../../shared/errors.ts";
import { keepAliveMs } from "../../shared/limits.ts";
import type { Logger } from "../../shared/log.ts";
import { pause } from "../../shared/pause.ts";
import { isPodOf, placeFor, type Served } from "./attempt-pod.ts";
import { planHistory, readHistory } from "./history.ts";
import { withKeepAlive } from "./keep-alive.ts";
import { timestampParts } from "./log-lines.ts";
import type { MeasuredStore } from "./measured-store.ts";
import { followMetrics, type Measurement, type PodMetrics } from "./metrics.ts";

export interface MetricsServiceDeps extends Served {
  metrics: PodMetrics;
  /** @default none: what a pod used is not known any more */
  store?: MeasuredStore | undefined;
  now?: () => number;
  log: Logger;
}

export function metricsService({
  metrics,
  store,
  log,
  now = Date.now,
  ...served
}: MetricsServiceDeps): ServiceImpl<typeof MetricsService> {
  return {
    async *watchMetrics(request, context) {
      const place = placeFor(callerOf(context), request, served);
      const pod = await metrics.readPod(place);
      if (!pod || !isPodOf(pod, request, served.org)) throw notFound("the attempt's pod");
      const followed = followMetrics(pod, { metrics, place, signal: context.signal, pause });
      const onLateError = (error: unknown) => log.warn("a stream of metrics did not end cleanly", { ...place, error });
      yield* withKeepAlive(messages(followed), { everyMs: keepAliveMs, filler: () => ({}), onLateError });
    },

    async listMeasurements(request, context) {
      const place = placeFor(callerOf(context), request, served);
      const { startTime, endTime, maxMeasurements: most } = request;
      const wanted = { start: startTime && timestampMs(startTime), end: endTime && timestampMs(endTime), most };
      const plan = planHistory(wanted, now());
      if (!store) throw precondition("the compute plane keeps no measures: it has no metrics store");
      // A pod that is gone says no more whose it was; one that is there does.
      const pod = await metrics.readPod(place);
      if (pod && !isPodOf(pod, request, served.org)) throw notFound("the attempt's pod");
      return { measurements: (await readHistory(store, place, plan, context.signal)).map(messageOf) };
    },
  };
}

async function* messages(followed: AsyncIterable<Measurement>) {
  for await (const measurement of followed) yield { measurement: messageOf(measurement) };
}

function messageOf({ measuredAt, window, containers }: Measurement) {
  return {
    measuredAt: { $typeName: "google.protobuf.Timestamp" as const, ...timestampParts(measuredAt) },
    window: durationFromMs(Math.round(window * 1_000)),
    containers: containers.map(({ name, cpu, memoryBytes }) => ({ name, cpu, memoryBytes: BigInt(memoryBytes) })),
  };
}
