/** The two questions that the metrics store is ever asked: fixed but for numbers and two names, which stay names. */
import { measures } from "../../../components/metrics-store/contract.ts";
import type { PodPlace } from "./attempt-pod.ts";

/** A string literal: nothing in it ends it. */
export function quoted(value: string): string {
  const escaped = value.replace(/[\\"\n\r]/g, (one) => ({ "\n": "\\n", "\r": "\\r" })[one] ?? `\\${one}`);
  return `"${escaped}"`;
}

function ofPod(measure: string, { namespace, pod }: PodPlace, seconds: number): string {
  return `${measure}{namespace=${quoted(namespace)},pod=${quoted(pod)}}[${whole(seconds)}s]`;
}

function whole(seconds: number): number {
  if (Number.isSafeInteger(seconds) && seconds > 0) return seconds;
  throw new RangeError(`${seconds} is no whole number of seconds`);
}

/** A pod of that name may have been on two nodes, one after the other. */
export function cpuOf(place: PodPlace, window: number): string {
  return `max by (container) (rate(${ofPod(measures.cpu, place, window)}))`;
}

export function memoryOf(place: PodPlace, step: number): string {
  return `max by (container) (max_over_time(${ofPod(measures.memory, place, step)}))`;
}
