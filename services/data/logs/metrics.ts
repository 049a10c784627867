/** What a pod's containers use, followed from the first measurement to the pod's end; nothing is kept beside the last. */
import type { V1Pod } from "@kubernetes/client-node";
import type { PodPlace } from "./attempt-pod.ts";

export interface ContainerUse {
  name: string;
  /** Cores: the mean over the window. */
  cpu: number;
  memoryBytes: number;
}

export interface Measurement {
  /** RFC 3339. */
  measuredAt: string;
  /** Seconds. */
  window: number;
  containers: ContainerUse[];
}

/** What is asked of Kubernetes. */
export interface PodMetrics {
  readPod(place: PodPlace): Promise<V1Pod | undefined>;
  /** @returns undefined for a pod that was not measured yet, or no more. @throws failed_precondition without a metrics API */
  measured(place: PodPlace, signal: AbortSignal): Promise<Measurement | undefined>;
}

export interface FollowMetricsOptions {
  metrics: PodMetrics;
  place: PodPlace;
  signal: AbortSignal;
  /** Waits; ends early when aborted. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

/** A cluster measures every 15 s as a rule. */
export const pollMs = 5_000;

/** Each measurement once. Ends with the pod; a measurement is told only while the pod that was meant is there. */
export async function* followMetrics(
  pod: V1Pod,
  { metrics, place, signal, pause }: FollowMetricsOptions,
): AsyncGenerator<Measurement> {
  let toldAt: string | undefined;
  while (!signal.aborted) {
    const measured = await metrics.measured(place, signal);
    const seen = await metrics.readPod(place);
    if (!seen || seen.metadata?.uid !== pod.metadata?.uid) return;
    if (measured && measured.measuredAt !== toldAt) {
      toldAt = measured.measuredAt;
      yield measured;
    }
    if (seen.status?.phase === "Succeeded" || seen.status?.phase === "Failed") return;
    await pause(pollMs, signal);
  }
}
