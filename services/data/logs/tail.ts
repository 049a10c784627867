/** Follows one container's log from its first line to its last, over lost connections and over the container's restarts. */
import type { V1Pod } from "@kubernetes/client-node";
import type { Logger } from "../../shared/log.ts";
import { ResumePoint } from "../../shared/resume-point.ts";
import type { PodPlace } from "./attempt-pod.ts";
import { type ContainerState, containerState } from "./container-state.ts";
import { type Line, LineReader } from "./log-lines.ts";

/** What is asked of Kubernetes. */
export interface PodLogs {
  readPod(place: PodPlace): Promise<V1Pod | undefined>;
  /** Ends when the container has ended and all was read; throws when the connection is lost before. */
  follow(place: PodPlace, container: string, since: string | undefined, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** What the container said before it was last begun anew; as `follow`, of what has ended. */
  before(place: PodPlace, container: string, since: string | undefined, signal: AbortSignal): AsyncIterable<Uint8Array>;
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
/** One that crashes again and again waits for minutes. */
const restartPollMs = 1_000;

/** How often in a row the log of a container that has ended may be out of reach, as on a node that is lost. */
const patience = 5;

/** @param pod as it was first seen. Yields lines as they come; nothing is read from Kubernetes before it is taken. */
export async function* tail(pod: V1Pod, options: TailOptions): AsyncGenerator<Line[], TailEnd> {
  const { logs, place, signal, log, pause, resume = new ResumePoint() } = options;
  const container = options.containerOf(pod);
  const isNew = ({ timestamp }: Line) => resume.isNew(timestamp);
  let failures = 0;
  /** The attempt before this one, once its log was told to its end. */
  let told: string | undefined;

  /** One connection. @returns what a last line without an end has, which may be the beginning of one that was cut. */
  async function* read(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line[], Line[]> {
    const reader = new LineReader();
    for await (const chunk of chunks) {
      const lines = reader.read(chunk).filter(isNew);
      if (lines.length > 0) yield lines;
      failures = 0;
    }
    return reader.end();
  }

  for (let seen: V1Pod | undefined = pod; !signal.aborted; seen = await logs.readPod(place)) {
    const state = containerState(seen, container);
    if (state.is === "gone") return "gone";
    resume.reopened();
    try {
      if (state.before !== told) {
        // Before any line of the next attempt: those are later ones.
        const last = (yield* read(logs.before(place, container, resume.since, signal))).filter(isNew);
        if (last.length > 0) yield last;
        told = state.before;
        continue;
      }
      if (state.is === "never") return "told";
      // What is begun anew is read as the attempt before, once it is: asked for now it may be the next one already.
      if (state.is === "waiting" || (state.is === "ended" && state.restarts)) {
        await pause(told === undefined ? startPollMs : restartPollMs, signal);
        continue;
      }
      const rest = yield* read(logs.follow(place, container, resume.since, signal));
      // The API server also ends streams of containers that run on, when it or the node restarts.
      const after = containerState(await logs.readPod(place), container);
      if (after.is === "gone") return "gone";
      if (isOver(after)) {
        // Only of a log that is over: else the line may have been cut, and comes again whole.
        const last = rest.filter(isNew);
        if (last.length > 0) yield last;
        return "told";
      }
    } catch (error) {
      if (signal.aborted) return "told";
      const lost = error instanceof LogGone || (isOver(state) && failures >= patience);
      if (lost && state.before !== told) {
        log.warn("what a container said before it was begun anew cannot be told", { ...place, error });
        told = state.before;
        continue;
      }
      if (lost && state.is === "ended") return "gone";
      log.info("a log connection was lost and is taken up again", { ...place, since: resume.since, error });
    }
    await pause(Math.min(2_000, 100 * 2 ** failures++), signal);
  }
  return "told";
}

/** Nothing will be said any more, by another attempt neither. */
function isOver(state: ContainerState): boolean {
  return state.is === "never" || (state.is === "ended" && !state.restarts);
}
