/**
 * Where an attempt's log is read: live while Kubernetes has the pod and its container's log, and in the log store from
 * there on, without a gap and without a double.
 */
import type { V1Pod } from "@kubernetes/client-node";
import { invalid, notFound } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import type { ResumePoint } from "../../shared/resume-point.ts";
import { primaryContainer } from "../executor/pod-observation.ts";
import { type Attempt, isPodOf, type PodPlace } from "./attempt-pod.ts";
import type { Line } from "./log-lines.ts";
import type { LogStore, StoredStream } from "./log-store.ts";
import { type OfContainer, persisted, shipped } from "./persisted.ts";
import { type PodLogs, tail } from "./tail.ts";

export interface LogSources {
  live: PodLogs;
  /** @default none: what Kubernetes has no more cannot be told */
  store?: LogStore;
}

export interface WantedLog {
  org: string;
  attempt: Attempt;
  place: PodPlace;
  /** Empty: the one that runs the task. */
  container: string;
}

export interface ReadOptions {
  resume: ResumePoint;
  signal: AbortSignal;
  log: Logger;
  /** Waits; ends early when aborted. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  now?: () => number;
}

/** @throws not_found where neither has the pod, or the container in it; invalid_argument where it must be named. */
export async function openLog(
  { org, attempt, place, container }: WantedLog,
  { live, store }: LogSources,
  options: ReadOptions,
): Promise<AsyncGenerator<Line[]>> {
  const pod = await live.readPod(place);
  if (!pod) {
    const streams = (await store?.streams(place, options.signal)) ?? [];
    if (!store || streams.length === 0) throw notFound("the attempt's pod");
    return persisted(ofContainer(streams, container), { ...options, store });
  }
  if (!isPodOf(pod, attempt, org)) throw notFound("the attempt's pod");
  if (container !== "" && !hasContainer(pod, container)) throw notFound("the container in the attempt's pod");
  return liveThenPersisted(pod, place, container || (primaryContainer(pod) ?? ""), { live, store }, options);
}

export async function* liveThenPersisted(
  pod: V1Pod,
  place: PodPlace,
  container: string,
  { live, store }: LogSources,
  options: ReadOptions,
): AsyncGenerator<Line[]> {
  const end = yield* tail(pod, { logs: live, place, containerOf: () => container, ...options });
  if (end !== "gone" || !store) return;
  options.log.info("a log is read on from the log store", { ...place, container, since: options.resume.since });
  yield* readOn(place, (streams) => streams.filter((stream) => stream.container === container), store, options);
}

/** Of a container that was live a moment ago. */
export async function* readOn(
  place: PodPlace,
  ofContainer: OfContainer,
  store: LogStore,
  options: ReadOptions,
): AsyncGenerator<Line[]> {
  const lastLiveAt = (options.now ?? Date.now)();
  const streams = await shipped(place, ofContainer, { ...options, store, lastLiveAt });
  yield* persisted(streams, { ...options, store, lastLiveAt });
}

function hasContainer({ spec }: V1Pod, name: string): boolean {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].some((each) => each.name === name);
}

/** Names that the one container which runs the task goes by: the executor's own, and the client's in pods of the user's. */
const usual = ["main", "primary"];

/** A pod that is gone says no more which of its containers ran the task. */
function ofContainer(streams: readonly StoredStream[], wanted: string): StoredStream[] {
  const names = [...new Set(streams.map(({ container }) => container))];
  const chosen = wanted || (names.length === 1 ? names[0] : usual.find((name) => names.includes(name)));
  if (!chosen) {
    const allowed = `one of the pod's, which is gone: ${names.sort().join(", ")}`;
    throw invalid({ subject: "container", value: wanted, allowed });
  }
  if (!names.includes(chosen)) throw notFound("the container in the attempt's pod");
  return streams.filter(({ container }) => container === chosen);
}
