/** The AppPods port on the real API server. */
import { CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import { labels } from "../apps/knative.ts";
import type { AppPods } from "./app-pods.ts";

export function kubernetesAppPods(config: KubeConfig): AppPods {
  const core = config.makeApiClient(CoreV1Api);
  return {
    async list({ namespace, app }) {
      const { items } = await core.listNamespacedPod({ namespace, labelSelector: `${labels.app}=${app}` });
      return items;
    },
  };
}
