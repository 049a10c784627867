/**
 * Removed for good, an executor takes its finalizers off what it leaves behind: nobody else would, and namespaces could
 * not be deleted. A roll-out or a drain leaves the Deployment standing, and then the successor goes on.
 */
import {
  ApiException,
  AppsV1Api,
  CustomObjectsApi,
  type KubeConfig,
  type KubernetesListObject,
} from "@kubernetes/client-node";
import type { Logger } from "../../shared/log.ts";
import type { Cluster } from "./cluster.ts";
import type { Served } from "./informers.ts";
import { finalizer, keyOf, labels, manager, type TaskAction, taskActionApi } from "./task-action.ts";

export interface Retirement {
  /** Whether the Deployment is gone or on its way. */
  isFinal(): Promise<boolean>;
  /** All TaskActions of the namespaces served. */
  actions(): Promise<TaskAction[]>;
}

export async function retire({ isFinal, actions }: Retirement, cluster: Pick<Cluster, "releaseAction">, log: Logger) {
  try {
    if (!(await isFinal())) return;
    const held = (await actions()).filter(({ metadata }) => metadata.finalizers?.includes(finalizer));
    log.info("removed for good: finalizers are taken off", { actions: held.length });
    const released = await Promise.allSettled(held.map((action) => cluster.releaseAction(action)));
    for (const [index, result] of released.entries()) {
      const action = held[index];
      if (result.status === "rejected" && action) {
        log.warn("a finalizer could not be taken off", { action: keyOf(action), error: result.reason });
      }
    }
  } catch (error) {
    log.warn("it is not known whether this executor is removed for good; finalizers stay", { error });
  }
}

export function kubernetesRetirement(
  config: KubeConfig,
  deployment: { namespace: string; name: string },
  { namespaces, onDemand }: Served,
): Retirement {
  const { group, version, plural } = taskActionApi;
  return {
    async isFinal() {
      try {
        const { metadata } = await config.makeApiClient(AppsV1Api).readNamespacedDeployment(deployment);
        return metadata?.deletionTimestamp !== undefined;
      } catch (error) {
        if (error instanceof ApiException && error.code === 404) return true;
        throw error;
      }
    },
    async actions() {
      const custom = config.makeApiClient(CustomObjectsApi);
      const labelSelector = `${labels.managedBy}=${manager}`;
      const list = async (namespace: string): Promise<TaskAction[]> => {
        const place = { group, version, plural, namespace, labelSelector };
        try {
          const { items }: KubernetesListObject<TaskAction> = await custom.listNamespacedCustomObject(place);
          return items;
        } catch (error) {
          // Never made: nothing of ours is there.
          if (onDemand.has(namespace) && error instanceof ApiException && error.code === 403) return [];
          throw error;
        }
      };
      return (await Promise.all(namespaces.map(list))).flat();
    },
  };
}
