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

/** Kubernetes still knows the container, and has its log no more. */
export class LogGone extends Error {
  constructor(why: string, cause?: unknown) {
    super(why, { cause });
    this.name = "LogGone";
  }
}

/** `told`: to its last line, or to the reader's end. `gone`: pod or log went before that was known. */
export type TailEnd = "told" | "gone";

export interface TailOptions {
  logs: PodLogs;
  place: PodPlace;
  containerOf(pod: V1Pod): string;
  /** Where the log is to begin. @default at its first line */
  resume?: ResumePoint;
  signal: AbortSignal;
  log: Logger;
  /** Waits; ends early when aborted. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

const startPollMs = 500;

/** How often in a row the log of a container that has ended may be out of reach, as on a node that is lost. */
const patience = 5;

/** @param pod as it was first seen. Yields lines as they come; nothing is read from Kubernetes before it is taken. */
export async function* tail(pod: V1Pod, options: TailOptions): AsyncGenerator<Line[], TailEnd> {
  const { logs, place, signal, log, pause, resume = new ResumePoint() } = options;
  const container = options.containerOf(pod);
  let failures = 0;
  for (let seen: V1Pod | undefined = pod; !signal.aborted; seen = await logs.readPod(place)) {
    const state = containerState(seen, container);
    if (state === "gone") return "gone";
    if (state === "never") return "told";
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
      // The API server also ends streams of containers that run on, when it or the node restarts.
      const after = containerState(await logs.readPod(place), container);
      if (after === "gone") return "gone";
      if (after !== "running") {
        // Only of a log that is over: else the line may have been cut, and comes again whole.
        const last = reader.end().filter(({ timestamp }) => resume.isNew(timestamp));
        if (last.length > 0) yield last;
        return "told";
      }
    } catch (error) {
      if (signal.aborted) return "told";
      if (state === "ended" && (error instanceof LogGone || failures >= patience)) return "gone";
      log.info("a log connection was lost and is taken up again", { ...place, since: resume.since, error });
    }
    await pause(Math.min(2_000, 100 * 2 ** failures++), signal);
  }
  return "told";
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
