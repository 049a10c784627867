/** What the plane's log store holds: every file that the kubelets wrote of a container's log, line by line, as it was. */
import type { PodPlace } from "./attempt-pod.ts";

/**
 * One file of a container's log. The shipper names its stream as the file beneath the nodes' folder of logs,
 * `<namespace>_<pod>_<uid>/<container>/<restart>.log`, so no stream's name begins another's.
 */
export interface StoredStream {
  name: string;
  container: string;
  /** How often the container was begun anew before. */
  restart: number;
  /** Milliseconds since 1970. */
  createdAt: number;
}

/** One line of such a file, whole: time to the nanosecond, where it was written to, whether it goes on, text. */
export interface StoredEvent {
  /** Milliseconds since 1970, of the line. */
  at: number;
  /** Milliseconds since 1970, when the store took it. */
  taken: number;
  text: string;
}

export interface StoredPage {
  events: StoredEvent[];
  /** Nothing more was there when it was asked for. */
  caughtUp: boolean;
}

/** What is asked of the log store; it is only ever read. */
export interface LogStore {
  /** @returns those of one pod's name, in the order in which they were made; none where nothing was shipped */
  streams(place: PodPlace, signal: AbortSignal): Promise<StoredStream[]>;
  /**
   * Oldest first, without end: behind what is there, each page is what has come since. A page is asked for when it is
   * taken, and not before.
   * @param from milliseconds since 1970. @default the first line
   */
  pages(stream: string, from: number | undefined, signal: AbortSignal): AsyncIterable<StoredPage>;
}

/** A pod's name knows no underscore, so that it cannot begin another pod's. */
export function streamPrefix({ namespace, pod }: PodPlace): string {
  return `${namespace}_${pod}_`;
}

/** @returns undefined for a stream that is no file of a container's log */
export function parseStream(name: string, createdAt: number): StoredStream | undefined {
  const [, container, restart] = /^[^_/]+_[^_/]+_[^_/]+\/([^_/]+)\/(\d{1,9})\.log$/.exec(name) ?? [];
  return container && restart ? { name, container, restart: Number(restart), createdAt } : undefined;
}
