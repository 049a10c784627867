/** The PodLogs port on the real API server. */
import { ApiException, CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import type { PodPlace } from "./attempt-pod.ts";
import { openStream, RefusedStream } from "./kubernetes-stream.ts";
import { LogGone, type PodLogs } from "./tail.ts";

export function kubernetesLogs(config: KubeConfig): PodLogs {
  const core = config.makeApiClient(CoreV1Api);
  return {
    async readPod({ namespace, pod: name }) {
      try {
        return await core.readNamespacedPod({ namespace, name });
      } catch (error) {
        if (error instanceof ApiException && error.code === 404) return undefined;
        throw error;
      }
    },

    follow: (place, container, since, signal) => read(config, place, { container, follow: "true" }, since, signal),
    before: (place, container, since, signal) => read(config, place, { container, previous: "true" }, since, signal),
  };
}

// The library's own Log class pipes without back-pressure to a reader and loses errors of the source.
async function* read(
  config: KubeConfig,
  { namespace, pod }: PodPlace,
  asked: Record<string, string>,
  since: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const query = new URLSearchParams({ ...asked, timestamps: "true", ...(since ? { sinceTime: since } : {}) });
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`;
  const answer = await openStream(config, path, signal).catch(asGone);
  try {
    yield* withoutRefusal(answer);
  } finally {
    answer.destroy();
  }
}

/** 400 is the kubelet's: the container, or its file, is not there any more; nor is there one yet that waits. */
function asGone(error: unknown): never {
  const gone = error instanceof RefusedStream && (error.status === 400 || error.status === 404);
  throw gone ? new LogGone(error.message, error) : error;
}

/** Each line begins with its time. What does not is no line, but the kubelet's word that it cannot read the log. */
export async function* withoutRefusal(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first = true;
  for await (const chunk of chunks) {
    if (first && chunk.length > 0) {
      const begin = chunk[0] ?? 0;
      if (begin < 0x30 || begin > 0x39) throw new LogGone(Buffer.from(chunk).toString("utf8", 0, 200));
      first = false;
    }
    yield chunk;
  }
}
