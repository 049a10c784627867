/** A container's log from the log store, from where it was left to its end. */
import type { ResumePoint } from "../../shared/resume-point.ts";
import type { PodPlace } from "./attempt-pod.ts";
import { type Line, LineReader } from "./log-lines.ts";
import type { LogStore, StoredStream } from "./log-store.ts";
import { KubeletText, StoredOrder } from "./stored-lines.ts";

export interface PersistedOptions {
  store: LogStore;
  resume: ResumePoint;
  signal: AbortSignal;
  /** Waits; ends early when aborted. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  /** Milliseconds since 1970, when the container's log was last seen to be live. @default long ago */
  lastLiveAt?: number;
  now?: () => number;
}

/** Nothing says that a log has come whole: it has when the shipper has sent nothing for so long. */
export const settleMs = 15_000;
const pollMs = 1_000;

/** How far before its end a long line may have begun, whose parts the runtime writes one after the other. */
const longestLineMs = 10_000;

/** Which of a pod's streams are those of the container that is meant. */
export type OfContainer = (streams: readonly StoredStream[]) => StoredStream[];

/** Waits, for as long as the shipper may need, for the streams of a container that was live a moment ago. */
export async function shipped(
  place: PodPlace,
  ofContainer: OfContainer,
  { store, signal, pause, lastLiveAt, now = Date.now }: Omit<PersistedOptions, "resume"> & { lastLiveAt: number },
): Promise<StoredStream[]> {
  for (;;) {
    const streams = ofContainer(await store.streams(place, signal));
    if (streams.length > 0 || signal.aborted || now() - lastLiveAt >= settleMs) return streams;
    await pause(pollMs, signal);
  }
}

/** Yields lines as they are taken; one page of the store is held at a time. */
export async function* persisted(
  streams: readonly StoredStream[],
  { store, resume, signal, pause, lastLiveAt = Number.NEGATIVE_INFINITY, now = Date.now }: PersistedOptions,
): AsyncGenerator<Line[]> {
  const since = resume.since;
  resume.reopened();
  // What was told in an earlier second is not known again by its line, so the second alone decides.
  const isNew = ({ timestamp }: Line) =>
    (!since || timestamp.slice(0, 19) >= since.slice(0, 19)) && resume.isNew(timestamp);
  const from = since === undefined ? undefined : Date.parse(since) - longestLineMs;
  let heardAt = lastLiveAt;
  for (const [index, { name }] of streams.entries()) {
    const isLast = index === streams.length - 1;
    const [order, text, reader] = [new StoredOrder(), new KubeletText(), new LineReader()];
    for await (const { events, caughtUp } of store.pages(name, from, signal)) {
      for (const { taken } of events) heardAt = Math.max(heardAt, taken);
      const ready = order.take(events);
      if (caughtUp) ready.push(...order.flush());
      const lines = reader.read(text.bytes(ready)).filter(isNew);
      if (lines.length > 0) yield lines;
      if (!caughtUp) continue;
      if (!isLast || now() - heardAt >= settleMs) break;
      await pause(pollMs, signal);
    }
    const rest = reader.end().filter(isNew);
    if (rest.length > 0) yield rest;
  }
}
