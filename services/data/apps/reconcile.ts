/** One look at one app: makes the cluster as the region wants it, and says how it stands. */
import { InvalidTaskError } from "../executor/invalid-task.ts";
import type { AppCluster } from "./cluster.ts";
import { annotations, type KnativeService } from "./knative.ts";
import { type AppSettings, type DesiredApp, isStopped, planService } from "./plan.ts";
import { type AppState, type Observed, refusedState, stateOf } from "./state.ts";

export interface ReconcileDeps {
  cluster: AppCluster;
  settings: AppSettings;
}

/**
 * @param app none where the region has told all of its apps and this is not one of them.
 * @returns undefined where there is nothing to tell: it is not there, and is not to be.
 */
export async function reconcileApp(
  key: { namespace: string; name: string },
  app: DesiredApp | undefined,
  observed: Observed,
  { cluster, settings }: ReconcileDeps,
): Promise<AppState | undefined> {
  const { service } = observed;
  if (!app || isStopped(app)) {
    if (service && !service.metadata.deletionTimestamp) await cluster.remove(key.namespace, key.name);
    return app && stateOf(app, observed);
  }
  try {
    const planned = planService(app, settings);
    if (service?.metadata.deletionTimestamp) return stateOf(app, { ...observed, service: undefined });
    if (!isApplied(planned, service)) await cluster.apply(planned);
    return stateOf(app, observed);
  } catch (error) {
    if (error instanceof InvalidTaskError) return refusedState(error.message);
    throw error;
  }
}

/** By the mark of what was applied last: the rest of it has Knative's own defaults among it. */
function isApplied({ metadata }: KnativeService, service: KnativeService | undefined): boolean {
  return service?.metadata.annotations?.[annotations.plan] === metadata.annotations?.[annotations.plan];
}
