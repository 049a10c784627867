import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { V1PodStatus } from "@kubernetes/client-node";
import { beforeEach, describe, expect, it } from "vitest";
import { TaskTemplateSchema } from "../../../gen/flyteidl2/core/tasks_pb.js";
import { recordingLog } from "../../shared/testing/log.ts";
import { NoRoomError, StaleError } from "./cluster.ts";
import type { Deps } from "./deps.ts";
import { InvalidTaskError } from "./invalid-task.ts";
import { Notes } from "./notes.ts";
import type { Results } from "./outcome.ts";
import { reconcile } from "./reconcile.ts";
import type { PhaseEntry, TaskAction, TaskActionSpec } from "./task-action.ts";
import { type FakeCluster, fakeCluster } from "./testing/fake-cluster.ts";
import { podSettings } from "./testing/pod-settings.ts";

const namespace = "demo-development";
const key = `${namespace}/r1-a0`;
let cluster: FakeCluster;
let deps: Deps;
let now: number;
let results: Map<string, Results>;
let told: string[];
let acknowledged: number;
let settled: boolean;

beforeEach(() => {
  cluster = fakeCluster();
  now = Date.parse("2026-11-22T17:00:00Z");
  results = new Map();
  told = [];
  acknowledged = 0;
  settled = false;
  deps = {
    actions: {
      get: (name) => cluster.actions.get(name),
      childrenOf: ({ spec }) =>
        [...cluster.actions.values()].filter((other) => other.spec.parentActionName === spec.actionName),
    },
    pods: cluster.pods,
    cluster,
    results: { read: async (prefix) => results.get(prefix) ?? { outputs: false } },
    reporter: {
      offer: () => undefined,
      aborted: (action) => void told.push(`aborted ${action.metadata.name}`),
      acknowledged: () => acknowledged,
      settled: () => settled,
    },
    settings: {
      org: "acme",
      systemRetries: 3,
      startGraceMs: 60_000,
      historyMs: 3_600_000,
      pod: podSettings,
    },
    now: () => now,
    log: recordingLog().log,
    notes: new Notes(),
  };
});

type Template = MessageInitShape<typeof TaskTemplateSchema>;

async function begin(template: Template = {}, spec: Partial<TaskActionSpec> = {}, org = "acme"): Promise<void> {
  const target = { case: "container" as const, value: { image: "task" } };
  const bytes = toBinary(TaskTemplateSchema, create(TaskTemplateSchema, { target, type: "python", ...template }));
  await cluster.createAction({
    apiVersion: "flyte.org/v1",
    kind: "TaskAction",
    metadata: {
      name: `r1-${spec.actionName ?? "a0"}`,
      namespace,
      labels: { "biplane.dev/org": org },
      finalizers: ["flyte.org/plugin-finalizer"],
    },
    spec: {
      runName: "r1",
      project: "demo",
      domain: "development",
      actionName: "a0",
      taskType: "python",
      taskTemplate: Buffer.from(bytes).toString("base64"),
      inputUri: "s3://meta/acme/demo/development/inputs/x",
      runOutputBase: "s3://meta/acme/demo/development/r1",
      ...spec,
    },
  });
}

const look = () => reconcile(key, deps);
const seconds = (count: number) => ({ seconds: BigInt(count), nanos: 0 });
const outputs = { variables: [{ key: "o0" }] };
const folder = (attempt: number) => `s3://meta/acme/demo/development/r1/a0/${attempt}`;
const pod = (attempt = 1) => `${key}-${attempt - 1}`;
const present = (): TaskAction => cluster.actions.get(key) ?? expect.fail("the action is gone");
const phases = () => (present().status?.phaseHistory ?? []).map(short);
const short = ({ phase, attempt, retrying }: PhaseEntry) => `${phase}#${attempt}${retrying ? "~" : ""}`;
const last = () => present().status?.phaseHistory?.at(-1);

const container = (state: object) => [{ name: "main", state, image: "", imageID: "", ready: false, restartCount: 0 }];
const scheduled = [{ type: "PodScheduled", status: "True" }];
const running = (): V1PodStatus => {
  return {
    phase: "Running",
    conditions: scheduled,
    containerStatuses: container({ running: { startedAt: new Date(now) } }),
  };
};
const ended = (exitCode: number): V1PodStatus => {
  return { phase: exitCode ? "Failed" : "Succeeded", containerStatuses: container({ terminated: { exitCode } }) };
};
const unpullable: V1PodStatus = {
  phase: "Pending",
  conditions: scheduled,
  containerStatuses: container({ waiting: { reason: "ImagePullBackOff", message: "404" } }),
};

describe("an attempt", () => {
  it("begins with a pod, and its success is the action's", async () => {
    await begin();
    await look();
    expect([...cluster.pods.keys()]).toEqual([pod()]);
    cluster.become(pod(), running());
    await look();
    cluster.become(pod(), ended(0));
    results.set(folder(1), { outputs: true });
    await look();
    expect(phases()).toEqual(["QUEUED#1", "RUNNING#1", "SUCCEEDED#1"]);
    expect(present().status).toMatchObject({
      outputUri: folder(1),
      conditions: [{ type: "Succeeded", status: "True" }],
    });
  });

  it("writes nothing and makes nothing when nothing has changed", async () => {
    await begin();
    await look();
    const version = present().metadata.resourceVersion;
    await look();
    await look();
    expect([present().metadata.resourceVersion, cluster.pods.size]).toEqual([version, 1]);
  });

  it("is followed by another in a folder of its own, while retries are left", async () => {
    await begin({ metadata: { retries: { retries: 1 } } });
    for (const attempt of [1, 2]) {
      await look();
      cluster.become(pod(attempt), ended(1));
      await look();
    }
    expect(phases()).toEqual(["QUEUED#1", "FAILED#1~", "QUEUED#2", "FAILED#2"]);
    expect([...cluster.pods.keys()]).toEqual([pod(1), pod(2)]);
    expect(present().status?.errorState).toMatchObject({ code: "NonZeroExit" });
  });

  it("waits between retries as its task asks for", async () => {
    await begin({ metadata: { retries: { retries: 1, backoff: { base: seconds(30) } } } });
    await look();
    cluster.become(pod(1), ended(1));
    await look();
    expect(await look()).toBe(30_000);
    expect(cluster.pods.has(pod(2))).toBe(false);
    now += 30_000;
    await look();
    expect(cluster.pods.has(pod(2))).toBe(true);
  });

  it("whose pod vanished after it had begun is the platform's failure, told only once the API server agrees", async () => {
    await begin();
    await look();
    cluster.become(pod(), running());
    await look();
    const hidden = cluster.pods.get(pod());
    deps.pods = { get: () => undefined };
    expect(await look()).toBe(1_000);
    expect(phases()).toEqual(["QUEUED#1", "RUNNING#1"]);
    expect(hidden).toBeDefined();
    cluster.pods.delete(pod());
    await look();
    expect(phases()).toEqual(["QUEUED#1", "RUNNING#1", "FAILED#1~", "QUEUED#2"]);
    expect(present().status).toMatchObject({ systemFailures: 1, attempts: 2 });
  });

  it("that left its outputs has succeeded, even if its pod vanished", async () => {
    await begin();
    await look();
    cluster.become(pod(), running());
    await look();
    cluster.pods.delete(pod());
    results.set(folder(1), { outputs: true });
    await look();
    expect(phases().at(-1)).toBe("SUCCEEDED#1");
  });

  it("that ended without a word while the object store was away has another try by the platform", async () => {
    await begin();
    await look();
    cluster.become(pod(), ended(1));
    const { results: store } = deps;
    deps.results = { read: () => Promise.reject(new Error("store down")) };
    await expect(look()).rejects.toThrow("store down");
    deps.results = store;
    await look();
    expect(phases().slice(-2)).toEqual(["FAILED#1~", "QUEUED#2"]);
    // The next one ends by itself, with the store in its place.
    await look();
    cluster.become(pod(2), ended(1));
    await look();
    expect(phases().at(-1)).toBe("FAILED#2");
  });

  it("is not decided while the object store cannot be asked", async () => {
    await begin();
    await look();
    cluster.become(pod(), ended(0));
    deps.results = { read: () => Promise.reject(new Error("store down")) };
    await expect(look()).rejects.toThrow("store down");
    expect(phases()).toEqual(["QUEUED#1"]);
  });

  it("that could not reach the store has another try at the platform's cost, once the store is back", async () => {
    await begin();
    await look();
    cluster.become(pod(), ended(1));
    const asked = deps.results;
    deps.results = { read: () => Promise.reject(new Error("store down")) };
    await expect(look()).rejects.toThrow("store down");
    deps.results = asked;
    await look();
    expect(phases()).toEqual(["QUEUED#1", "FAILED#1~", "QUEUED#2"]);
    await look();
    cluster.become(pod(2), ended(1));
    await look();
    expect(last()).toMatchObject({ phase: "FAILED", attempt: 2, error: { code: "NonZeroExit", kind: "USER" } });
  });

  it("waits without failing for an image, then fails and leaves no pod", async () => {
    await begin();
    await look();
    cluster.become(pod(), unpullable);
    expect(await look()).toBe(60_000);
    now += 59_999;
    expect(await look()).toBe(1);
    now += 1;
    await look();
    expect(last()).toMatchObject({ phase: "FAILED", error: { code: "ImagePullBackOff", kind: "USER" } });
    expect(cluster.pods.size).toBe(0);
  });

  it("keeps the verdict when the write fails in the midst of giving up", async () => {
    await begin();
    await look();
    cluster.become(pod(), unpullable);
    await look();
    now += 60_000;
    cluster.stale = true;
    await expect(look()).rejects.toThrow(StaleError);
    expect(cluster.pods.size).toBe(1);
    await look();
    expect(last()).toMatchObject({ phase: "FAILED", error: { code: "ImagePullBackOff" } });
  });

  it("waits for room in the project's quota", async () => {
    await begin();
    cluster.refuse = new NoRoomError("exceeded quota: project");
    expect(await look()).toBe(5_000);
    expect(last()).toMatchObject({ phase: "WAITING_FOR_RESOURCES", message: "exceeded quota: project" });
    await look();
    expect(cluster.pods.size).toBe(1);
  });

  it("waits a minute for a project that is archived to be taken up again, then ends in words for its author", async () => {
    await begin({ metadata: { retries: { retries: 5 } } });
    for (const passed of [0, 59_000]) {
      now += passed;
      cluster.refuse = new NoRoomError("exceeded quota: pods=0", "The project is archived");
      await look();
      expect(last()).toMatchObject({ phase: "WAITING_FOR_RESOURCES", message: "exceeded quota: pods=0" });
    }
    now += 1_000;
    cluster.refuse = new NoRoomError("exceeded quota: pods=0", "The project is archived");
    await look();
    const error = { code: "BeyondQuota", message: "The project is archived", kind: "USER" };
    expect(last()).toMatchObject({ phase: "FAILED", error });
  });

  it("that admission refuses ends the action with admission's words", async () => {
    await begin({ metadata: { retries: { retries: 5 } } });
    cluster.refuse = new InvalidTaskError("violates PodSecurity");
    await look();
    expect(last()).toMatchObject({ phase: "FAILED", error: { code: "InvalidSpec", message: "violates PodSecurity" } });
  });

  it("of a definition that cannot be read ends the action", async () => {
    await begin({}, { taskTemplate: Buffer.from([0xff, 0xff]).toString("base64") });
    await look();
    expect(last()).toMatchObject({ phase: "FAILED", error: { code: "InvalidSpec" } });
  });

  it("does not take the pod of an earlier resource of its name for its own", async () => {
    await begin();
    cluster.pods.set(pod(), {
      metadata: { ownerReferences: [{ apiVersion: "", kind: "TaskAction", name: "r1-a0", uid: "old" }] },
      status: ended(0),
    });
    expect(await look()).toBe(1_000);
    expect([phases(), cluster.pods.size]).toEqual([["QUEUED#1"], 0]);
  });
});

describe("time", () => {
  it("ends a run that is too long: its pod is stopped and kept, and no verdict comes before its end", async () => {
    await begin({ metadata: { timeout: seconds(60) }, interface: { outputs } });
    await look();
    cluster.become(pod(), running());
    expect(await look()).toBe(60_000);
    now += 60_000;
    expect(await look()).toBeGreaterThan(0);
    expect([cluster.stopped, phases()]).toEqual([[pod()], ["QUEUED#1", "RUNNING#1"]]);
    cluster.become(pod(), { phase: "Failed", reason: "DeadlineExceeded" });
    await look();
    expect(last()).toMatchObject({ phase: "TIMED_OUT", error: { code: "MAX_RUNTIME_EXCEEDED" } });
  });

  it("ends a wait that is too long, pod and all", async () => {
    await begin({ metadata: { timeouts: { queuedTimeout: seconds(30) } } });
    expect(await look()).toBe(30_000);
    now += 30_000;
    cluster.become(pod(), { phase: "Pending" });
    await look();
    expect(last()).toMatchObject({ phase: "TIMED_OUT", error: { code: "QUEUED_TIMEOUT_EXCEEDED" } });
    expect(cluster.pods.size).toBe(0);
  });

  it("ends an action at its deadline, whatever retries are left", async () => {
    await begin({ metadata: { retries: { retries: 9 }, timeouts: { deadline: seconds(100) } } });
    await look();
    now += 100_000;
    cluster.become(pod(), { phase: "Pending" });
    await look();
    expect(last()).toMatchObject({ phase: "TIMED_OUT", error: { code: "DEADLINE_EXCEEDED" } });
    expect(last()?.retrying).toBeUndefined();
  });
});

describe("after the end", () => {
  async function finish(): Promise<void> {
    await begin();
    await look();
    cluster.become(pod(), ended(0));
    await look();
  }

  it("is labelled, kept until the control plane has heard and its time is over, and then deleted", async () => {
    await finish();
    await look();
    expect(present().metadata.labels).toMatchObject({
      "flyte.org/termination-status": "terminated",
      "flyte.org/completed-time": "2026-11-22.17-00-00",
    });
    now += 10 * 3_600_000;
    await look();
    expect(cluster.actions.has(key)).toBe(true);
    expect(present().metadata.labels?.["flyte.org/terminal-status-recorded"]).toBeUndefined();
    acknowledged = 2;
    now -= 10 * 3_600_000;
    expect(await look()).toBe(3_600_000);
    expect(present().metadata.labels?.["flyte.org/terminal-status-recorded"]).toBe("true");
    expect(present().metadata.finalizers).toEqual([]);
    now += 3_600_000;
    await look();
    expect(cluster.actions.has(key)).toBe(false);
  });

  it("takes children with it that still live, and no others", async () => {
    await finish();
    await begin({}, { actionName: "live", parentActionName: "a0" });
    await begin({}, { actionName: "stranger", parentActionName: "b0" });
    await begin({}, { actionName: "done", parentActionName: "a0" });
    const done = cluster.actions.get(`${namespace}/r1-done`);
    if (done) done.status = { phaseHistory: [{ phase: "SUCCEEDED", attempt: 1, occurredAt: "2026-11-22T17:00:00Z" }] };
    await look();
    const leaving = [...cluster.actions.values()].filter(({ metadata }) => metadata.deletionTimestamp);
    expect(leaving.map(({ metadata }) => metadata.name)).toEqual(["r1-live"]);
  });
});

describe("what is not ours", () => {
  it("is another organisation's action: left alone", async () => {
    await begin({}, {}, "globex");
    expect(await look()).toBeUndefined();
    expect([present().status, cluster.pods.size]).toEqual([undefined, 0]);
  });
});

describe("a deleted action", () => {
  async function deleted(): Promise<void> {
    await begin();
    await look();
    cluster.become(pod(), running());
    await look();
    await begin({}, { actionName: "child", parentActionName: "a0" });
    await cluster.deleteAction(namespace, "r1-a0");
  }

  it("takes its pod and its children with it, makes no new one, and waits until the control plane has heard", async () => {
    await deleted();
    await look();
    expect(told).toEqual(["aborted r1-a0"]);
    expect(cluster.pods.size).toBe(0);
    expect(cluster.actions.get(`${namespace}/r1-child`)?.metadata.deletionTimestamp).toBeDefined();
    await look();
    expect([cluster.actions.has(key), cluster.pods.size]).toEqual([true, 0]);
    settled = true;
    await look();
    expect(cluster.actions.has(key)).toBe(false);
  });

  it("of an older build, without our finalizer, is only told", async () => {
    await begin();
    present().metadata.finalizers = [];
    present().metadata.deletionTimestamp = new Date(now);
    expect(await look()).toBeUndefined();
    expect([told, cluster.pods.size]).toEqual([["aborted r1-a0"], 0]);
  });
});
