import { beforeEach, describe, expect, it } from "vitest";
import { recordingLog } from "../../shared/testing/log.ts";
import { retire } from "./retirement.ts";
import { finalizer, type TaskAction } from "./task-action.ts";
import { type FakeCluster, fakeCluster } from "./testing/fake-cluster.ts";

let cluster: FakeCluster;
const { log, lines } = recordingLog();
const actions = async () => [...cluster.actions.values()];
const finalizers = () => [...cluster.actions.values()].map(({ metadata }) => metadata.finalizers);

beforeEach(async () => {
  cluster = fakeCluster();
  for (const [name, held] of [
    ["r1-a0", [finalizer, "someone.else/keeps"]],
    ["r2-a0", []],
  ] as const) {
    const action: Pick<TaskAction, "spec"> = {
      spec: { ...empty, runName: name.slice(0, 2), project: "demo", domain: "development", actionName: "a0" },
    };
    await cluster.createAction({ ...action, metadata: { namespace: "demo-development", name, finalizers: [...held] } });
  }
});

const empty = { taskType: "", taskTemplate: "", inputUri: "", runOutputBase: "" };

describe("an executor that ends", () => {
  it("takes its own finalizers off where it is removed for good, and no others", async () => {
    await retire({ isFinal: async () => true, actions }, cluster, log);
    expect(finalizers()).toEqual([["someone.else/keeps"], []]);
  });

  it("leaves them for its successor otherwise", async () => {
    await retire({ isFinal: async () => false, actions }, cluster, log);
    expect(finalizers()).toEqual([[finalizer, "someone.else/keeps"], []]);
  });

  it("leaves them where it cannot ask, and says so", async () => {
    const isFinal = () => Promise.reject(new Error("unreachable"));
    await retire({ isFinal, actions }, cluster, log);
    expect(finalizers()).toEqual([[finalizer, "someone.else/keeps"], []]);
    expect(lines.some((line) => line.includes("finalizers stay"))).toBe(true);
  });
});
