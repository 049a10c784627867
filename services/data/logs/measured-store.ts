/** What the plane's metrics store is asked, and what it answers: two measures of one pod's containers, over a time. */
import type { PodPlace } from "./attempt-pod.ts";

/** Moments that measures are told of: `count` of them, the last at `end`, all in seconds since 1970. */
export interface Moments {
  end: number;
  step: number;
  count: number;
}

export interface Asked {
  place: PodPlace;
  moments: Moments;
  /** Seconds over which CPU time is told as a mean. */
  window: number;
}

/** One container's, by moment; a moment without a value is not among them. */
export interface Series {
  container: string;
  values: Map<number, number>;
}

export interface MeasuredStore {
  /** Cores. @throws unavailable */
  cpu(asked: Asked, signal: AbortSignal): Promise<Series[]>;
  /** Bytes: the most since the moment before. @throws unavailable */
  memory(asked: Asked, signal: AbortSignal): Promise<Series[]>;
}
