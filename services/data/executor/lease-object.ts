/** The Lease of the election in Kubernetes. The stack makes it; this pod may read and change it, and no other. */
import { ApiException, CoordinationV1Api, type KubeConfig, V1MicroTime } from "@kubernetes/client-node";
import type { LeaseRecord, LeaseStore } from "./election.ts";

export function leaseObject(config: KubeConfig, namespace: string, name: string, leaseSeconds = 30): LeaseStore {
  const api = config.makeApiClient(CoordinationV1Api);
  return {
    async read() {
      return recordOf(await api.readNamespacedLease({ namespace, name }));
    },
    async write({ holder, transitions, version }) {
      const at = new V1MicroTime();
      const body = {
        metadata: { name, namespace, resourceVersion: version },
        spec: {
          holderIdentity: holder,
          leaseTransitions: transitions,
          // Read by people and by `kubectl`; candidates count by their own clocks.
          leaseDurationSeconds: leaseSeconds,
          renewTime: at,
        },
      };
      try {
        return recordOf(await api.replaceNamespacedLease({ namespace, name, body }));
      } catch (error) {
        if (error instanceof ApiException && error.code === 409) return undefined;
        throw error;
      }
    },
  };
}

type Lease = Awaited<ReturnType<CoordinationV1Api["readNamespacedLease"]>>;

function recordOf({ metadata, spec }: Lease): LeaseRecord {
  return {
    holder: spec?.holderIdentity ?? "",
    transitions: spec?.leaseTransitions ?? 0,
    version: metadata?.resourceVersion ?? "",
  };
}
