/** What an attempt's containers used over a time, out of the metrics store: how much may be asked, and how it is told. */
import { invalid } from "../../shared/errors.ts";
import type { PodPlace } from "./attempt-pod.ts";
import type { Asked, MeasuredStore, Moments, Series } from "./measured-store.ts";
import type { ContainerUse, Measurement } from "./metrics.ts";

/** Kubelets are looked at every 15 s: in so long there is one measure at least. */
const leastStep = 30;
/** CPU time is counted, so a mean takes two looks. */
const leastWindow = 60;
const longestRange = 31 * 24 * 3_600;
const mostMeasurements = 500;
const defaultMeasurements = 100;

export interface WantedHistory {
  /** Milliseconds since 1970. */
  start: number | undefined;
  /** @default now */
  end: number | undefined;
  /** 0: as many as is usual. */
  most: number;
}

/** @throws invalid_argument for what is no time, or too much */
export function planHistory({ start, end, most }: WantedHistory, now: number): Pick<Asked, "moments" | "window"> {
  if (start === undefined) throw invalid({ subject: "start_time", allowed: "a time" });
  const [from, until] = [Math.floor(start / 1_000), Math.floor((end ?? now) / 1_000)];
  const told = (seconds: number) => new Date(seconds * 1_000).toISOString();
  if (!(until > from && until - from <= longestRange)) {
    const allowed = `from 1 s to 31 days after start_time, ${told(from)}`;
    throw invalid({ subject: "end_time", value: told(until), allowed });
  }
  if (most > mostMeasurements) {
    throw invalid({ subject: "max_measurements", value: most, allowed: `1 to ${mostMeasurements}, or 0` });
  }
  const range = until - from;
  const step = Math.max(leastStep, Math.ceil(range / (most || defaultMeasurements)));
  const moments: Moments = { end: until, step, count: Math.ceil(range / step) };
  return { moments, window: Math.max(step, leastWindow) };
}

/** A container is told of at the moments of which both measures are known. Oldest first. */
export async function readHistory(
  store: MeasuredStore,
  place: PodPlace,
  { moments, window }: Pick<Asked, "moments" | "window">,
  signal: AbortSignal,
): Promise<Measurement[]> {
  const asked = { place, moments, window };
  const [cpu, memory] = await Promise.all([store.cpu(asked, signal), store.memory(asked, signal)]);
  const { end, step, count } = moments;
  return Array.from({ length: count }, (_, at) => end - (count - 1 - at) * step).flatMap((moment) => {
    const containers = usesAt(moment, cpu, memory);
    if (containers.length === 0) return [];
    return [{ measuredAt: new Date(moment * 1_000).toISOString(), window, containers }];
  });
}

function usesAt(moment: number, cpu: readonly Series[], memory: readonly Series[]): ContainerUse[] {
  return cpu.flatMap(({ container: name, values }) => {
    const cores = values.get(moment);
    const bytes = memory.find(({ container }) => container === name)?.values.get(moment);
    return cores === undefined || bytes === undefined ? [] : [{ name, cpu: cores, memoryBytes: Math.round(bytes) }];
  });
}
