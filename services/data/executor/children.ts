/** Which actions an action has begun, kept as they come and go: looked for among all, thousands would each look at all. */
import { keyOf, type TaskAction } from "./task-action.ts";

export class ChildIndex {
  readonly #byParent = new Map<string, Set<string>>();

  add(action: TaskAction): void {
    const parent = parentOf(action);
    if (!parent) return;
    const children = this.#byParent.get(parent) ?? new Set();
    this.#byParent.set(parent, children.add(keyOf(action)));
  }

  remove(action: TaskAction): void {
    const parent = parentOf(action);
    const children = parent && this.#byParent.get(parent);
    if (!children) return;
    children.delete(keyOf(action));
    if (children.size === 0) this.#byParent.delete(parent);
  }

  /** @returns `<namespace>/<name>` of each. */
  of(action: TaskAction): string[] {
    return [...(this.#byParent.get(placeOf(action, action.spec.actionName)) ?? [])];
  }
}

function parentOf(action: TaskAction): string | undefined {
  const { parentActionName } = action.spec;
  return parentActionName ? placeOf(action, parentActionName) : undefined;
}

/** Not the resource's name: run "a-b" with action "c" and run "a" with action "b-c" share that. */
function placeOf({ metadata, spec }: TaskAction, action: string): string {
  return `${metadata.namespace}/${spec.runName}/${action}`;
}
