/** The PodLogs port on the real API server. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { type RequestOptions, request } from "node:https";
import { ApiException, CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
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
      const server = config.getCurrentCluster()?.server;
      if (!server) throw new Error("the kubeconfig names no cluster");
      const url = new URL(`${server}/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`);
      const options: RequestOptions = { signal };
      await config.applyToHTTPSOptions(options);
      const call = request(url, options);
      call.end();
      const [answer] = (await once(call, "response", { signal })) as [IncomingMessage];
      try {
        if (answer.statusCode !== 200) throw new Error(`the API server answered ${answer.statusCode} for a log`);
        yield* answer;
      } finally {
        answer.destroy();
      }
    },
  };
}
