/** What Kubernetes says about a pod, followed from its first word to its last, over lost connections. */
import type { V1Pod } from "@kubernetes/client-node";
import type { Logger } from "../../shared/log.ts";
import type { PodPlace } from "./attempt-pod.ts";

/** An event of the core API, as far as it is told. */
export interface PodEvent {
  id: string;
  /** Another with each change. */
  version: string;
  /** RFC 3339: the last time that it occurred. */
  occurredAt: string;
  warning: boolean;
  reason: string;
  message: string;
  component: string;
  count: number;
}

export interface Kept {
  events: PodEvent[];
  /** Where a watch is to begin. */
  version: string;
}

/** What is asked of Kubernetes. */
export interface PodEvents {
  readPod(place: PodPlace): Promise<V1Pod | undefined>;
  list(place: PodPlace): Promise<Kept>;
  /** What comes after `version`, for so many seconds. Throws when that is too long ago, or the connection is lost. */
  watch(place: PodPlace, version: string, seconds: number, signal: AbortSignal): AsyncIterable<PodEvent>;
}

export interface FollowOptions {
  events: PodEvents;
  place: PodPlace;
  signal: AbortSignal;
  log: Logger;
  /** Waits; ends early when aborted. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

/** How often it is asked whether the pod has ended. */
const watchSeconds = 5;
/** What is said about a pod's end comes a moment after it. */
const graceSeconds = 2;

/** @param kept as it was first seen. Ends a moment after the pod; an event comes again when it was counted again. */
export async function* followEvents(kept: Kept, options: FollowOptions): AsyncGenerator<PodEvent[]> {
  const { events, place, signal, log, pause } = options;
  const told = new Map<string, string>();
  const news = (all: PodEvent[]) => {
    const fresh = all.filter(({ id, version }) => told.get(id) !== version);
    for (const { id, version } of fresh) told.set(id, version);
    return fresh.toSorted((a, b) => Date.parse(a.occurredAt) - Date.parse(b.occurredAt));
  };
  let failures = 0;
  for (let seen: Kept | undefined = kept; !signal.aborted; ) {
    try {
      seen ??= await events.list(place);
      const first = news(seen.events);
      if (first.length > 0) yield first;
      for (let { version } = seen; !signal.aborted; ) {
        const over = hasEnded(await events.readPod(place));
        for await (const event of events.watch(place, version, over ? graceSeconds : watchSeconds, signal)) {
          version = event.version;
          const fresh = news([event]);
          if (fresh.length > 0) yield fresh;
        }
        if (over) return;
        failures = 0;
      }
    } catch (error) {
      if (signal.aborted) return;
      log.info("a watch of events was lost and is taken up again", { ...place, error });
      seen = undefined;
      await pause(Math.min(2_000, 100 * 2 ** failures++), signal);
    }
  }
}

function hasEnded(pod: V1Pod | undefined): boolean {
  return pod === undefined || pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}
