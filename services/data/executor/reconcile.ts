/** One look at one TaskAction: what is, what should be, and the next step from the one to the other. */
import { advance } from "./attempt.ts";
import { type Deps, resyncMs } from "./deps.ts";
import { podName } from "./pod.ts";
import { observe } from "./pod-observation.ts";
import { finalEntry, finalizer, keyOf, labels, type TaskAction } from "./task-action.ts";

/** @returns in how many milliseconds to look again at the latest. Throws to be called again soon. */
export async function reconcile(key: string, deps: Deps): Promise<number | undefined> {
  const action = deps.actions.get(key);
  if (!action) return undefined;
  if (action.metadata.labels?.[labels.org] !== deps.settings.org) {
    deps.log.error("a TaskAction of another organisation is left alone", { action: key });
    return undefined;
  }
  if (action.metadata.deletionTimestamp) return await leave(action, deps);
  deps.reporter.offer(action);
  if (finalEntry(action)) return await settle(action, deps);
  return await advance(action, deps);
}

/** Deleted, by an abort or from outside: what it started goes first, and it goes itself once the control plane knows. */
async function leave(action: TaskAction, deps: Deps): Promise<number | undefined> {
  deps.reporter.aborted(action);
  if (!action.metadata.finalizers?.includes(finalizer)) return undefined;
  // While an owner waits for its finalizers, Kubernetes spares what it owns, unless it was told to delete that first.
  await removeChildren(action, deps);
  await removeUnended(action, deps);
  if (!deps.reporter.settled(keyOf(action))) return resyncMs;
  await deps.cluster.releaseAction(action);
  return undefined;
}

/** After the end: children that nobody waits for go, the acknowledgement is noted, and the resource in good time. */
async function settle(action: TaskAction, deps: Deps): Promise<number | undefined> {
  const { cluster, settings, reporter } = deps;
  const last = finalEntry(action);
  if (!last) return undefined;
  const namespace = action.metadata.namespace ?? "";
  const entries = action.status?.phaseHistory?.length ?? 0;
  const recorded = Math.max(reporter.acknowledged(keyOf(action)), action.status?.reportedPhases ?? 0) >= entries;

  if (action.metadata.labels?.[labels.terminated] === undefined) {
    await removeChildren(action, deps);
    await removeUnended(action, deps);
    await cluster.labelAction(action, {
      [labels.terminated]: "terminated",
      [labels.completed]: labelTime(last.occurredAt),
    });
    return resyncMs;
  }
  if (recorded && action.metadata.labels[labels.recorded] === undefined) {
    const noted = await cluster.writeStatus(action, { ...action.status, reportedPhases: entries });
    await cluster.releaseAction(noted, { [labels.recorded]: "true" });
  }
  // What the control plane has not heard is kept, however old.
  if (!recorded) return resyncMs;
  const left = Date.parse(last.occurredAt) + settings.historyMs - deps.now();
  if (left > 0) return left;
  await cluster.deleteAction(namespace, action.metadata.name ?? "");
  return undefined;
}

async function removeChildren(action: TaskAction, { actions, cluster }: Deps): Promise<void> {
  for (const child of actions.childrenOf(action)) {
    const { namespace = "", name = "" } = child.metadata;
    // An ended parent can take no child's result any more.
    if (!child.metadata.deletionTimestamp && !finalEntry(child)) await cluster.deleteAction(namespace, name);
  }
}

/** A pod that never started, or was to be stopped when this process died, must not outlive its action's end. */
async function removeUnended(action: TaskAction, { pods, cluster, now }: Deps): Promise<void> {
  const namespace = action.metadata.namespace ?? "";
  const name = podName(action.metadata.name ?? "", action.status?.attempts ?? 1);
  const pod = pods.get(`${namespace}/${name}`);
  const state = pod && observe(pod, now()).state;
  if (state === "waiting" || state === "running") await cluster.deletePod(namespace, name);
}

/** A label holds no colons: 2026-11-22T17:00:00.000Z is 2026-11-22.17-00-00. */
function labelTime(time: string): string {
  return time.slice(0, 19).replace("T", ".").replaceAll(":", "-");
}
