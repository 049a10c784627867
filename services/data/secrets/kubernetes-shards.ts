/** The catalogue's Secrets on the real API server: this service may get and patch these, and no other. */
import { ApiException, CoreV1Api, type KubeConfig, PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import { BackendError } from "./backend.ts";
import type { Shards } from "./catalogue.ts";

const mergePatch = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);

export function kubernetesShards(config: KubeConfig, namespace: string, names: readonly string[]): Shards {
  const api = config.makeApiClient(CoreV1Api);
  return {
    names,
    async read(name) {
      const { data = {}, metadata } = await reached(api.readNamespacedSecret({ namespace, name }));
      const texts = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]);
      return { data: Object.fromEntries(texts), revision: metadata?.resourceVersion ?? "" };
    },
    async write(name, key, text, revision) {
      const data = { [key]: text === null ? null : Buffer.from(text).toString("base64") };
      const body = { metadata: { resourceVersion: revision }, data };
      try {
        await api.patchNamespacedSecret({ namespace, name, body }, mergePatch);
        return true;
      } catch (error) {
        if (error instanceof ApiException && error.code === 409) return false;
        // Kubernetes keeps up to 1 MiB in one Secret; of that its answer tells no value, and is left out anyhow.
        if (error instanceof ApiException && (error.code === 413 || error.code === 422)) {
          const help = "Delete secrets that nobody uses, or keep them in AWS Secrets Manager (biplane:secretsBackend).";
          throw new BackendError("full", `the cluster has no room for this secret. ${help}`);
        }
        throw unreachable(error);
      }
    },
  };
}

async function reached<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw unreachable(error);
  }
}

/** The API server's answer quotes what it was sent: only its number goes further. */
function unreachable(error: unknown): BackendError {
  const cause = error instanceof ApiException ? new Error(`the API server answered ${error.code}`) : error;
  return new BackendError("unreachable", "the cluster's API cannot be reached or refuses, try again", cause);
}
