/**
 * A cluster without nodes: the executor's own rules over objects in memory, whose pods live as they are told to. For
 * more actions than a kubelet holds. Figures that come from it must say so.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { V1Pod, V1PodStatus } from "@kubernetes/client-node";
import type { Cluster } from "../cluster.ts";
import type { CacheEvents, Caches } from "../informers.ts";
import { keyOf, type TaskAction } from "../task-action.ts";
import { fakeCluster } from "./fake-cluster.ts";

export interface PodLife {
  /** From the pod's creation until its container runs. @default 0 */
  startMs?: number;
  /** @default until it is stopped */
  runMs?: number;
  exitCode?: number;
  /** What the container did before it ended: where it writes results. */
  before?(): Promise<void>;
}

export interface SimulatedCluster {
  cluster: Cluster;
  watch(events: CacheEvents, signal: AbortSignal): Promise<Caches>;
  actions: ReadonlyMap<string, TaskAction>;
  pods: ReadonlyMap<string, V1Pod>;
}

export function simulatedCluster(live: (pod: V1Pod) => PodLife): SimulatedCluster {
  const kept = fakeCluster();
  let events: CacheEvents | undefined;
  // As a watch: told a moment later, and never from within the call that made the change.
  const later = (tell: (to: CacheEvents) => void) => setImmediate(() => events && tell(events));

  const tellAction = (action: TaskAction) => {
    later(({ action: tell }) => tell(action));
    return action;
  };
  const become = (key: string, status: V1PodStatus) => {
    if (!kept.pods.has(key)) return;
    kept.become(key, status);
    const pod = kept.pods.get(key);
    if (pod) later(({ pod: tell }) => tell(pod));
  };

  /** Garbage collection: what the gone one owned goes too. */
  const collect = async (owner: TaskAction) => {
    const owned = (object: TaskAction | V1Pod) =>
      object.metadata?.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid);
    for (const [key, pod] of kept.pods) {
      if (owned(pod)) await cluster.deletePod(pod.metadata?.namespace ?? "", key.split("/")[1] ?? "");
    }
    for (const child of [...kept.actions.values()].filter(owned)) {
      await cluster.deleteAction(child.metadata.namespace ?? "", child.metadata.name ?? "");
    }
  };
  const afterRemoval = async (action: TaskAction) => {
    const now = kept.actions.get(keyOf(action));
    if (now) return void tellAction(now);
    later(({ actionDeleted }) => actionDeleted(action));
    await collect(action);
  };

  const run = async (pod: V1Pod) => {
    const key = keyOf(pod);
    const { startMs = 0, runMs, exitCode = 0, before } = live(pod);
    const scheduled = [{ type: "PodScheduled", status: "True" }];
    const containers = (state: object) =>
      (pod.spec?.containers ?? []).map(({ name, image = "" }) => {
        return { name, image, imageID: "", ready: false, restartCount: 0, state };
      });
    await sleep(startMs);
    const startedAt = new Date();
    become(key, { phase: "Running", conditions: scheduled, containerStatuses: containers({ running: { startedAt } }) });
    if (runMs === undefined) return;
    await sleep(runMs);
    await before?.();
    // Stopped in the meantime: it has its end.
    if (kept.pods.get(key)?.status?.phase !== "Running") return;
    const terminated = { exitCode, startedAt, reason: exitCode ? "Error" : "Completed" };
    become(key, { phase: exitCode ? "Failed" : "Succeeded", containerStatuses: containers({ terminated }) });
  };

  const cluster: Cluster = {
    ...kept,
    async createAction(action) {
      const made = await kept.createAction(action);
      const stored = kept.actions.get(keyOf(action));
      if (made && stored) tellAction(stored);
      return made;
    },
    writeStatus: async (action, status) => tellAction(await kept.writeStatus(action, status)),
    labelAction: async (action, labels) => tellAction(await kept.labelAction(action, labels)),
    async releaseAction(action, labels) {
      const released = await kept.releaseAction(action, labels);
      await afterRemoval(action);
      return released;
    },
    async deleteAction(namespace, name) {
      const known = kept.actions.get(`${namespace}/${name}`);
      await kept.deleteAction(namespace, name);
      if (known) await afterRemoval(known);
    },
    async createPod(pod) {
      const made = await kept.createPod(pod);
      if (made === "created") void run(pod);
      return made;
    },
    async stopPod(namespace, name) {
      become(`${namespace}/${name}`, { phase: "Failed", reason: "DeadlineExceeded" });
    },
    async deletePod(namespace, name) {
      const pod = kept.pods.get(`${namespace}/${name}`);
      await kept.deletePod(namespace, name);
      if (pod) later(({ pod: tell }) => tell(pod));
    },
  };
  return {
    cluster,
    actions: kept.actions,
    pods: kept.pods,
    async watch(to, signal) {
      events = to;
      signal.addEventListener("abort", () => {
        if (events === to) events = undefined;
      });
      return { actions: cacheOf(kept.actions), pods: cacheOf(kept.pods) };
    },
  };
}

function cacheOf<T extends TaskAction | V1Pod>(objects: Map<string, T>) {
  return {
    get: (key: string) => objects.get(key),
    all: () => [...objects.values()],
  };
}
