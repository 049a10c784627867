/** Caches of TaskActions and their pods, per project namespace, kept by list and watch. */
import {
  CoreV1Api,
  CustomObjectsApi,
  type KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
  ListWatch,
  type V1Pod,
  Watch,
} from "@kubernetes/client-node";
import type { Logger } from "../../shared/log.ts";
import { type Cache, cacheOf, keepGoing } from "./followed.ts";
import { labels, manager, type TaskAction, taskActionApi } from "./task-action.ts";

export interface Caches {
  actions: Cache<TaskAction>;
  pods: Cache<V1Pod>;
}

export interface CacheEvents {
  action(action: TaskAction): void;
  actionDeleted(action: TaskAction): void;
  pod(pod: V1Pod): void;
}

export interface Served {
  /** Every namespace served. */
  namespaces: readonly string[];
  /** Of these, those that may not be there yet: nobody waits for them, and each is taken up when it can be listed. */
  onDemand: ReadonlySet<string>;
}

/** Resolves once every namespace has been listed; from then on the caches follow the cluster, until the signal aborts. */
export async function startCaches(
  config: KubeConfig,
  { namespaces, onDemand }: Served,
  events: CacheEvents,
  log: Logger,
  signal: AbortSignal,
): Promise<Caches> {
  const core = config.makeApiClient(CoreV1Api);
  const custom = config.makeApiClient(CustomObjectsApi);
  const selector = `${labels.managedBy}=${manager}`;
  const { group, version, plural } = taskActionApi;

  const actions = new Map<string, ListWatch<TaskAction>>();
  const pods = new Map<string, ListWatch<V1Pod>>();
  for (const namespace of namespaces) {
    const listActions = (): Promise<KubernetesListObject<TaskAction>> =>
      custom.listNamespacedCustomObject({ group, version, plural, namespace, labelSelector: selector });
    const actionPath = `/apis/${group}/${version}/namespaces/${namespace}/${plural}`;
    const action = new ListWatch<TaskAction>(actionPath, new Watch(config), listActions, false, selector);
    action.on("add", events.action);
    action.on("update", events.action);
    action.on("delete", events.actionDeleted);
    actions.set(namespace, action);

    const listPods = () => core.listNamespacedPod({ namespace, labelSelector: selector });
    const podPath = `/api/v1/namespaces/${namespace}/pods`;
    const pod = new ListWatch<V1Pod>(podPath, new Watch(config), listPods, false, selector);
    pod.on("change", events.pod);
    pods.set(namespace, pod);
  }
  const watches = [...pods.values(), ...actions.values()];
  const followed = <T extends KubernetesObject>(all: Map<string, ListWatch<T>>) =>
    [...all].map(([namespace, watch]) => keepGoing(watch, { mayBeAbsent: onDemand.has(namespace), log }, signal));
  // Also while they are still being listed.
  signal.addEventListener("abort", () => void Promise.all(watches.map((watch) => watch.stop())), { once: true });
  // Pods first: an action whose pod is not in the cache yet would look as if it had lost it.
  await Promise.all(followed(pods));
  await Promise.all(followed(actions));
  return { actions: cacheOf(actions), pods: cacheOf(pods) };
}
