/** The PodEvents port on the real API server. */
import { text } from "node:stream/consumers";
import type { KubeConfig } from "@kubernetes/client-node";
import { z } from "zod";
import type { PodPlace } from "./attempt-pod.ts";
import type { PodEvent, PodEvents } from "./events.ts";
import { openStream } from "./kubernetes-stream.ts";
import type { PodLogs } from "./tail.ts";

/** As core/v1 writes it. Who uses the newer events.k8s.io leaves some of it empty, and fills the rest. */
const coreEvent = z.object({
  metadata: z.object({ uid: z.string(), resourceVersion: z.string(), creationTimestamp: z.string() }),
  type: z.string().nullish(),
  reason: z.string().nullish(),
  message: z.string().nullish(),
  count: z.int().nullish(),
  lastTimestamp: z.string().nullish(),
  eventTime: z.string().nullish(),
  series: z.object({ count: z.int(), lastObservedTime: z.string() }).nullish(),
  source: z.object({ component: z.string().nullish() }).nullish(),
  reportingComponent: z.string().nullish(),
});
const eventList = z.object({ metadata: z.object({ resourceVersion: z.string() }), items: z.array(coreEvent) });
const change = z.object({ type: z.string(), object: z.unknown() });

export function kubernetesEvents(config: KubeConfig, readPod: PodLogs["readPod"]): PodEvents {
  return {
    readPod,
    async list(place) {
      const answer = await openStream(config, pathOf(place, {}), AbortSignal.timeout(30_000));
      const { metadata, items } = eventList.parse(JSON.parse(await text(answer)));
      return { events: items.map(fromCore), version: metadata.resourceVersion };
    },
    async *watch(place, version, seconds, signal) {
      const query = { watch: "true", resourceVersion: version, timeoutSeconds: String(seconds) };
      const answer = await openStream(config, pathOf(place, query), signal);
      try {
        for await (const line of linesOf(answer.setEncoding("utf8"))) {
          const { type, object } = change.parse(JSON.parse(line));
          if (type === "ERROR") throw new Error(`the API server ended a watch of events: ${JSON.stringify(object)}`);
          // Nobody needs to hear that it was forgotten.
          if (type === "ADDED" || type === "MODIFIED") yield fromCore(coreEvent.parse(object));
        }
      } finally {
        answer.destroy();
      }
    },
  };
}

function pathOf({ namespace, pod }: PodPlace, query: Record<string, string>): string {
  const fieldSelector = `involvedObject.kind=Pod,involvedObject.name=${pod}`;
  return `/api/v1/namespaces/${namespace}/events?${new URLSearchParams({ fieldSelector, ...query })}`;
}

async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line !== "");
  }
}

/** @internal */
export function fromCore(event: z.infer<typeof coreEvent>): PodEvent {
  const { metadata, series, source } = event;
  return {
    id: metadata.uid,
    version: metadata.resourceVersion,
    occurredAt: series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? metadata.creationTimestamp,
    warning: event.type === "Warning",
    reason: event.reason ?? "",
    message: event.message ?? "",
    component: source?.component || event.reportingComponent || "",
    count: series?.count ?? (event.count || 1),
  };
}
