/** Follows one container's log from its first line to its last, over lost connections. */
import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import type { Logger } from "../../shared/log.ts";
import { ResumePoint } from "../../shared/resume-point.ts";
import type { PodPlace } from "./attempt-pod.ts";
import { type Line, LineReader } from "./log-lines.ts";

/** What is asked of Kubernetes. */
export interface PodLogs {
  readPod(place: PodPlace): Promise<V1Pod | undefined>;
  /** Ends when the container has ended and all was read; throws when the connection is lost before. */
  follow(place: PodPlace, container: string, since: string | undefined, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

export interface TailOptions {
  logs: PodLogs;
  place: PodPlace;
  containerOf(pod: V1Pod): string;
  /** RFC 3339: lines before its second are not told. @default from the first line */
  since?: string;
  signal: AbortSignal;
  log: Logger;
  /** Waits; ends early when aborted. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

const startPollMs = 500;

/** @param pod as it was first seen. Yields lines as they come; nothing is read from Kubernetes before it is taken. */
export async function* tail(pod: V1Pod, options: TailOptions): AsyncGenerator<Line[]> {
  const { logs, place, signal, log, pause } = options;
  const container = options.containerOf(pod);
  const resume = new ResumePoint(options.since);
  let failures = 0;
  for (let seen: V1Pod | undefined = pod; !signal.aborted; seen = await logs.readPod(place)) {
    const state = containerState(seen, container);
    if (state === "gone" || state === "never") return;
    if (state === "waiting") {
      await pause(startPollMs, signal);
      continue;
    }
    const reader = new LineReader();
    resume.reopened();
    try {
      for await (const chunk of logs.follow(place, container, resume.since, signal)) {
        const lines = reader.read(chunk).filter(({ timestamp }) => resume.isNew(timestamp));
        if (lines.length > 0) yield lines;
        failures = 0;
      }
      const last = reader.end().filter(({ timestamp }) => resume.isNew(timestamp));
      if (last.length > 0) yield last;
      // The API server also ends streams of containers that run on, when it or the node restarts.
      if (containerState(await logs.readPod(place), container) !== "running") return;
    } catch (error) {
      if (signal.aborted) return;
      log.info("a log connection was lost and is taken up again", { ...place, since: resume.since, error });
    }
    await pause(Math.min(2_000, 100 * 2 ** failures++), signal);
  }
}

type ContainerState = "waiting" | "running" | "ended" | "never" | "gone";

function containerState(pod: V1Pod | undefined, container: string): ContainerState {
  if (!pod) return "gone";
  const statuses: V1ContainerStatus[] = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []),
  ];
  const status = statuses.find(({ name }) => name === container);
  if (status?.state?.running) return "running";
  if (status?.state?.terminated) return "ended";
  const over = pod.status?.phase === "Failed" || pod.status?.phase === "Succeeded";
  return over ? "never" : "waiting";
}
