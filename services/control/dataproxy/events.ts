/** Kubernetes events on their way through. One stream that was lost begins anew; what was told already is left out. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CallOptions, Client } from "@connectrpc/connect";
import {
  type Event,
  Event_Type,
  type EventService,
  type WatchEventsRequestSchema,
} from "../../../gen/biplane/events/v1/events_pb.js";
import { ClusterEvent_Type } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import type { WatchClusterEventsResponseSchema } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { type StreamOptions, takenUpAgain } from "./again.ts";

const types: Record<Event_Type, ClusterEvent_Type> = {
  [Event_Type.UNSPECIFIED]: ClusterEvent_Type.UNSPECIFIED,
  [Event_Type.NORMAL]: ClusterEvent_Type.NORMAL,
  [Event_Type.WARNING]: ClusterEvent_Type.WARNING,
};

/** An event comes again with each time that Kubernetes counted it again. Empty messages keep the stream alive. */
export async function* watchClusterEvents(
  events: Client<typeof EventService>,
  request: MessageInitShape<typeof WatchEventsRequestSchema>,
  options: StreamOptions,
): AsyncGenerator<MessageInitShape<typeof WatchClusterEventsResponseSchema>> {
  /** Counts, by event. */
  const told = new Map<string, number>();
  const open = (call: CallOptions) => events.watchEvents(request, call);
  for await (const answer of takenUpAgain(open, options)) {
    const all = answer?.events ?? [];
    const fresh = all.filter(({ id, count }) => told.get(id) !== count);
    for (const { id, count } of fresh) told.set(id, count);
    if (fresh.length > 0 || all.length === 0) yield { clusterEvents: fresh.map(clusterEvent) };
  }
}

function clusterEvent({ occurredAt, message, type, reason, component, count }: Event) {
  return {
    ...(occurredAt ? { occurredAt } : {}),
    message,
    type: types[type],
    reason,
    sourceComponent: component,
    count,
  };
}
