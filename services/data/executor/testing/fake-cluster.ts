/** Kubernetes in memory: names, versions and deletions as the API server keeps them; pods only change when told to. */
import type { V1Pod, V1PodStatus } from "@kubernetes/client-node";
import { type Cluster, StaleError } from "../cluster.ts";
import { finalizer, keyOf, type TaskAction } from "../task-action.ts";

export interface FakeCluster extends Cluster {
  actions: Map<string, TaskAction>;
  pods: Map<string, V1Pod>;
  /** Sets a pod's status, as its node would. */
  become(pod: string, status: V1PodStatus): void;
  stopped: string[];
  /** Thrown by the next creation of a pod. */
  refuse?: Error | undefined;
  /** The next write of a status finds a newer version. */
  stale?: boolean;
}

export function fakeCluster(): FakeCluster {
  let version = 0;
  const put = (action: TaskAction): TaskAction => {
    const stored = structuredClone({ ...action, metadata: { ...action.metadata, resourceVersion: String(++version) } });
    cluster.actions.set(keyOf(stored), stored);
    return structuredClone(stored);
  };
  const cluster: FakeCluster = {
    actions: new Map(),
    pods: new Map(),
    stopped: [],
    become(key, status) {
      const pod = cluster.pods.get(key);
      if (!pod) throw new Error(`no pod ${key}`);
      cluster.pods.set(key, { ...pod, status });
    },
    async createAction(action) {
      if (cluster.actions.has(keyOf(action))) return false;
      put({ ...action, metadata: { ...action.metadata, uid: `uid-${++version}` } });
      return true;
    },
    readAction: async (namespace, name) => structuredClone(cluster.actions.get(`${namespace}/${name}`)),
    async writeStatus(action, status) {
      const known = cluster.actions.get(keyOf(action));
      if (cluster.stale || known?.metadata.resourceVersion !== action.metadata.resourceVersion) {
        cluster.stale = false;
        throw new StaleError();
      }
      return put({ ...action, status });
    },
    async labelAction(action, labels) {
      const known = cluster.actions.get(keyOf(action));
      if (!known) throw new StaleError();
      return put({ ...known, metadata: { ...known.metadata, labels: { ...known.metadata.labels, ...labels } } });
    },
    async releaseAction(action, labels) {
      const { metadata } = await cluster.labelAction(action, labels ?? {});
      const finalizers = metadata.finalizers?.filter((name) => name !== finalizer) ?? [];
      if (metadata.deletionTimestamp && finalizers.length === 0) cluster.actions.delete(keyOf(action));
      else return put({ ...action, metadata: { ...metadata, finalizers } });
      return action;
    },
    async deleteAction(namespace, name) {
      const known = cluster.actions.get(`${namespace}/${name}`);
      if (known?.metadata.finalizers?.length) {
        put({ ...known, metadata: { ...known.metadata, deletionTimestamp: new Date() } });
      } else cluster.actions.delete(`${namespace}/${name}`);
    },
    readPod: async (namespace, name) => cluster.pods.get(`${namespace}/${name}`),
    async createPod(pod) {
      const refused = cluster.refuse;
      cluster.refuse = undefined;
      if (refused) throw refused;
      if (cluster.pods.has(keyOf(pod))) return "exists";
      cluster.pods.set(keyOf(pod), pod);
      return "created";
    },
    async stopPod(namespace, name) {
      cluster.stopped.push(`${namespace}/${name}`);
    },
    async deletePod(namespace, name) {
      cluster.pods.delete(`${namespace}/${name}`);
    },
  };
  return cluster;
}
