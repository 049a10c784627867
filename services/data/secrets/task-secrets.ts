/** Secrets for task pods on the real API server. This service may make them and not read them, nor any other there. */
import { ApiException, CoreV1Api, type KubeConfig, type V1Secret } from "@kubernetes/client-node";
import { BackendError } from "./backend.ts";

export function taskSecrets(config: KubeConfig): (secret: V1Secret) => Promise<void> {
  const api = config.makeApiClient(CoreV1Api);
  return async (body) => {
    try {
      await api.createNamespacedSecret({ namespace: body.metadata?.namespace ?? "", body });
    } catch (error) {
      // Made for an earlier attempt: its name says that its content is this.
      if (error instanceof ApiException && error.code === 409) return;
      // The server's answer quotes what it was sent: only its number goes further.
      const cause = error instanceof ApiException ? new Error(`the API server answered ${error.code}`) : error;
      throw new BackendError("unreachable", "the pod's Secret cannot be made now, try again", cause);
    }
  };
}
