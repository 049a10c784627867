/** Caches of TaskActions and their pods, per project namespace, kept by list and watch. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  ApiException,
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
import { labels, manager, splitKey, type TaskAction, taskActionApi } from "./task-action.ts";

export interface Caches {
  actions: Cache<TaskAction>;
  pods: Cache<V1Pod>;
}

interface Cache<T> {
  get(key: string): T | undefined;
  all(): T[];
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

/** The library resumes and lists anew by itself, but stops at every error: this starts it again, at a random moment. */
async function keepGoing<T extends KubernetesObject>(
  watch: ListWatch<T>,
  { mayBeAbsent, log }: { mayBeAbsent: boolean; log: Logger },
  stopping: AbortSignal,
) {
  let failures = 0;
  await new Promise<void>((listed) => {
    const start = () => {
      if (stopping.aborted) return;
      watch.start().then(
        () => {
          // An error has been told by its event before start() ends, and has left no position to watch from.
          if (watch.latestResourceVersion() !== "") listed();
        },
        (error: unknown) => log.error("a watch could not be started", { error }),
      );
    };
    watch.on("connect", () => {
      failures = 0;
    });
    watch.on("error", (error: unknown) => {
      if (stopping.aborted) return;
      if (mayBeAbsent && isRefused(error)) {
        // A namespace without rights for us is one that is still to be made: there is nothing in it to know.
        listed();
        void sleep(absentMs * (0.5 + Math.random()), undefined, { ref: false }).then(start);
        return;
      }
      log.warn("a watch was lost", { error });
      const delay = Math.random() * Math.min(5_000, 200 * 2 ** failures++);
      void sleep(delay, undefined, { ref: false }).then(start);
    });
    start();
  });
}

/** How often an absent namespace is asked for, twice each time: there may be dozens. */
const absentMs = 10_000;

function isRefused(error: unknown): boolean {
  return error instanceof ApiException && (error.code === 403 || error.code === 404);
}

function cacheOf<T extends KubernetesObject>(watches: Map<string, ListWatch<T>>): Cache<T> {
  return {
    get: (key) => {
      const { namespace, name } = splitKey(key);
      return watches.get(namespace)?.get(name, namespace);
    },
    all: () => [...watches.values()].flatMap((watch) => [...watch.list()]),
  };
}
