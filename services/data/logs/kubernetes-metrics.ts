/** The PodMetrics port on the real API server: its metrics API, which a metrics server of the cluster answers. */
import { text } from "node:stream/consumers";
import type { KubeConfig } from "@kubernetes/client-node";
import { z } from "zod";
import { precondition, unavailable } from "../../shared/errors.ts";
import { quantity } from "../executor/resources.ts";
import { openStream, RefusedStream } from "./kubernetes-stream.ts";
import type { Measurement, PodMetrics } from "./metrics.ts";
import type { PodLogs } from "./tail.ts";

/** As metrics.k8s.io/v1beta1 writes PodMetrics. */
const podMetrics = z.object({
  timestamp: z.string(),
  window: z.string(),
  containers: z.array(z.object({ name: z.string(), usage: z.object({ cpu: z.string(), memory: z.string() }) })),
});

const group = "/apis/metrics.k8s.io/v1beta1";
const readMs = 10_000;

export function kubernetesMetrics(config: KubeConfig, readPod: PodLogs["readPod"]): PodMetrics {
  const read = async (path: string, signal: AbortSignal) => {
    const answer = await openStream(config, path, AbortSignal.any([signal, AbortSignal.timeout(readMs)]));
    return JSON.parse(await text(answer)) as unknown;
  };
  return {
    readPod,
    async measured({ namespace, pod }, signal) {
      try {
        return fromPodMetrics(podMetrics.parse(await read(`${group}/namespaces/${namespace}/pods/${pod}`, signal)));
      } catch (error) {
        if (!(error instanceof RefusedStream)) throw error;
        // Without a metrics server there is no such path; with one that is starting or gone, nobody behind it.
        if (error.status === 503) throw unavailable("the cluster's metrics server does not answer", error);
        if (error.status !== 404) throw error;
        if (await isServed(read, signal)) return undefined;
        throw precondition("the compute plane's cluster measures nothing: it has no metrics server");
      }
    },
  };
}

async function isServed(read: (path: string, signal: AbortSignal) => Promise<unknown>, signal: AbortSignal) {
  try {
    await read(group, signal);
    return true;
  } catch (error) {
    if (error instanceof RefusedStream && error.status === 404) return false;
    throw error;
  }
}

/** @internal */
export function fromPodMetrics({ timestamp, window, containers }: z.infer<typeof podMetrics>): Measurement {
  return {
    measuredAt: timestamp,
    window: seconds(window),
    containers: containers.map(({ name, usage }) => ({
      name,
      cpu: quantity(usage.cpu),
      memoryBytes: Math.round(quantity(usage.memory)),
    })),
  };
}

const units: Record<string, number> = { h: 3_600, m: 60, s: 1, ms: 1e-3 };

/** A duration as Go writes it, such as 15.06s or 1m0.5s. */
function seconds(duration: string): number {
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)];
  if (parts.map(([part]) => part).join("") !== duration || parts.length === 0)
    throw new RangeError(`"${duration}" is not a duration such as 15.06s`);
  return parts.reduce((sum, [, amount = "", unit = ""]) => sum + Number(amount) * (units[unit] ?? 0), 0);
}
