/** The PodLogs port on the real API server. */
import { ApiException, CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import { openStream } from "./kubernetes-stream.ts";
import type { PodLogs } from "./tail.ts";

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

    // The library's own Log class pipes without back-pressure to a reader and loses errors of the source.
    async *follow({ namespace, pod }, container, since, signal) {
      const query = new URLSearchParams({ container, follow: "true", timestamps: "true" });
      if (since) query.set("sinceTime", since);
      const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`;
      const answer = await openStream(config, path, signal);
      try {
        yield* answer;
      } finally {
        answer.destroy();
      }
    },
  };
}
