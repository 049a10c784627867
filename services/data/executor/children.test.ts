import { describe, expect, it } from "vitest";
import { ChildIndex } from "./children.ts";
import type { TaskAction } from "./task-action.ts";

function action(runName: string, actionName: string, parentActionName?: string, namespace = "ns"): TaskAction {
  const parent = parentActionName ? { parentActionName } : {};
  const empty = { project: "p", domain: "d", taskType: "", taskTemplate: "", inputUri: "", runOutputBase: "" };
  return {
    metadata: { namespace, name: `${runName}-${actionName}` },
    spec: { ...empty, runName, actionName, ...parent },
  };
}

describe("the index of children", () => {
  const index = new ChildIndex();
  for (const one of [
    action("r", "a0"),
    action("r", "b", "a0"),
    action("r", "c", "a0"),
    action("r", "d", "b"),
    action("s", "b", "a0"),
    action("r", "b", "a0", "elsewhere"),
  ]) {
    index.add(one);
    index.add(one);
  }

  it("knows whom an action has begun itself: in its own run and namespace, each once", () => {
    expect(index.of(action("r", "a0"))).toEqual(["ns/r-b", "ns/r-c"]);
    expect(index.of(action("r", "b"))).toEqual(["ns/r-d"]);
    expect(index.of(action("r", "d"))).toEqual([]);
  });

  it("does not take one run's action for another's where their names run together", () => {
    index.add(action("a", "x", "b-c"));
    expect(index.of(action("a-b", "c"))).toEqual([]);
    expect(index.of(action("a", "b-c"))).toEqual(["ns/a-x"]);
  });

  it("forgets those that are gone", () => {
    index.remove(action("r", "b", "a0"));
    index.remove(action("r", "never", "seen"));
    expect(index.of(action("r", "a0"))).toEqual(["ns/r-c"]);
  });
});
