/** What is done with a leased action and with a cancellation: each may come again, and is then answered again. */
import type { ActionKey, CancelAction, LeasedAction } from "../../../gen/biplane/queue/v1/queue_pb.js";
import type { Logger } from "../../shared/log.ts";
import type { Cluster } from "./cluster.ts";
import { InvalidTaskError } from "./invalid-task.ts";
import { actionNameOf, namespaceOf, type RenderRules, renderAction } from "./render-action.ts";
import type { Reporter } from "./reporter.ts";
import { finalEntry, keyOf, type TaskAction } from "./task-action.ts";

export interface IntakeDeps {
  cluster: Pick<Cluster, "createAction" | "readAction" | "deleteAction">;
  reporter: Pick<Reporter, "repeat" | "aborted" | "abortedUnseen" | "failedUnseen">;
  rules: RenderRules;
  /** Looks at an action soon. */
  look(key: string): void;
  log: Logger;
}

/** Makes the TaskAction, or takes up again the one that is there. */
export async function takeAction(leased: LeasedAction, deps: IntakeDeps): Promise<void> {
  const key = leased.key;
  if (!key) return deps.log.error("a lease without a key is ignored");
  const place = placeOf(key);
  try {
    const namespace = namespaceOf(key);
    const bare = renderAction(leased, deps.rules);
    const parentName = actionNameOf({ run: key.run, action: leased.parentAction });
    const parent = leased.parentAction ? await deps.cluster.readAction(namespace, parentName) : undefined;
    const made = await deps.cluster.createAction(parent ? renderAction(leased, deps.rules, parent) : bare);
    if (made) return;
    const name = actionNameOf(key);
    const known = await deps.cluster.readAction(namespace, name);
    if (known && !isOf(known, key)) {
      throw new InvalidTaskError(`another run's action has the same name in the cluster, "${name}": choose another`);
    }
    // Leased again although it is known here: the control plane has not heard how far it is.
    if (known && finalEntry(known)) deps.reporter.repeat(known);
    deps.look(`${namespace}/${name}`);
  } catch (error) {
    if (!(error instanceof InvalidTaskError)) throw error;
    deps.log.warn("a leased action is refused", { action: place.key, error });
    deps.reporter.failedUnseen(place.key, place, { code: error.code, message: error.message, kind: "USER" });
  }
}

/** Deletes the TaskAction, and with it pod and children; an action that is not there is aborted already. */
export async function cancelAction({ key, reason }: CancelAction, deps: IntakeDeps): Promise<void> {
  if (!key) return deps.log.error("a cancellation without a key is ignored");
  const place = placeOf(key);
  // A namespace that is not ours cannot hold it, and may not be asked.
  const served = deps.rules.namespaces.has(namespaceOf(key));
  const known = served ? await deps.cluster.readAction(namespaceOf(key), actionNameOf(key)) : undefined;
  if (!known || !isOf(known, key)) return deps.reporter.abortedUnseen(place.key, place);
  if (finalEntry(known)) return deps.reporter.repeat(known);
  deps.log.info("an action is cancelled", { action: place.key, reason });
  await deps.cluster.deleteAction(namespaceOf(key), actionNameOf(key));
  deps.reporter.aborted(known);
  deps.look(keyOf(known));
}

/** Run "a-b" with action "c" and run "a" with action "b-c" have one name; projects and domains have it likewise. */
function isOf({ spec }: TaskAction, { project, domain, run, action }: ActionKey): boolean {
  const place = spec.project === project && spec.domain === domain;
  return place && spec.runName === run && spec.actionName === action;
}

function placeOf(key: ActionKey) {
  const { project, domain, run, action } = key;
  return { key: `${namespaceOf(key)}/${actionNameOf(key)}`, project, domain, runName: run, actionName: action };
}
