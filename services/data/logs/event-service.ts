/** Live Kubernetes events of one attempt's pod, to whom the plane itself allows it; nothing is kept or written. */
import type { ServiceImpl } from "@connectrpc/connect";
import { Event_Type, type EventService } from "../../../gen/biplane/events/v1/events_pb.js";
import { callerOf } from "../../shared/auth/caller.ts";
import { notFound } from "../../shared/errors.ts";
import { keepAliveMs } from "../../shared/limits.ts";
import type { Logger } from "../../shared/log.ts";
import { pause } from "../../shared/pause.ts";
import { isPodOf, placeFor, type Served } from "./attempt-pod.ts";
import { followEvents, type PodEvent, type PodEvents } from "./events.ts";
import { withKeepAlive } from "./keep-alive.ts";
import { timestampParts } from "./log-lines.ts";

export interface EventServiceDeps extends Served {
  events: PodEvents;
  log: Logger;
}

export function eventService({ events, log, ...served }: EventServiceDeps): ServiceImpl<typeof EventService> {
  return {
    async *watchEvents(request, context) {
      const place = placeFor(callerOf(context), request, served);
      const pod = await events.readPod(place);
      if (pod && !isPodOf(pod, request, served.org)) throw notFound("the attempt's pod");
      // Events outlive their pod, and say no more of it than its name; the namespace is the project's own.
      const kept = await events.list(place);
      if (!pod && kept.events.length === 0) throw notFound("the attempt's pod");
      const followed = followEvents(kept, { events, place, signal: context.signal, log, pause });
      const onLateError = (error: unknown) => log.warn("a stream of events did not end cleanly", { ...place, error });
      yield* withKeepAlive(messages(followed), { everyMs: keepAliveMs, filler: () => ({ events: [] }), onLateError });
    },
  };
}

async function* messages(followed: AsyncIterable<PodEvent[]>) {
  for await (const batch of followed) {
    yield {
      events: batch.map(({ id, occurredAt, warning, reason, message, component, count }) => ({
        id,
        occurredAt: { $typeName: "google.protobuf.Timestamp" as const, ...timestampParts(occurredAt) },
        type: warning ? Event_Type.WARNING : Event_Type.NORMAL,
        reason,
        message,
        component,
        count,
      })),
    };
  }
}
