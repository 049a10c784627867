import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { beforeEach, describe, expect, it } from "vitest";
import { CancelActionSchema, LeasedActionSchema } from "../../../gen/biplane/queue/v1/queue_pb.js";
import { recordingLog } from "../../shared/testing/log.ts";
import { cancelAction, type IntakeDeps, takeAction } from "./intake.ts";
import type { TaskAction } from "./task-action.ts";
import { type FakeCluster, fakeCluster } from "./testing/fake-cluster.ts";

const namespace = "demo-development";
let cluster: FakeCluster;
let said: string[];
let deps: IntakeDeps;

beforeEach(() => {
  cluster = fakeCluster();
  said = [];
  deps = {
    cluster,
    reporter: {
      repeat: (action) => void said.push(`repeat ${action.metadata.name}`),
      aborted: (action) => void said.push(`aborted ${action.metadata.name}`),
      abortedUnseen: (key) => void said.push(`aborted unseen ${key}`),
      failedUnseen: (key, _place, error) => void said.push(`failed ${key}: ${error.message}`),
    },
    rules: { org: "acme", namespaces: new Set([namespace]) },
    look: (key) => void said.push(`look ${key}`),
    log: recordingLog().log,
  };
});

interface Leased {
  key?: ReturnType<typeof keyOf>;
  org?: string;
  parentAction?: string;
  runOutputBase?: string;
}
const keyOf = (run = "r1", action = "a0") => ({ project: "demo", domain: "development", run, action });
const leased = (more: Leased = {}) =>
  create(LeasedActionSchema, {
    key: keyOf(),
    org: "acme",
    taskTemplate: new Uint8Array([1, 2, 3]),
    inputUri: "s3://meta/acme/demo/development/inputs/x",
    runOutputBase: "s3://meta/acme/demo/development/r1",
    runStartTime: timestampFromDate(new Date("2026-11-22T17:00:00.987Z")),
    env: { LOG_LEVEL: "20" },
    ...more,
  });
const stored = (name = "r1-a0"): TaskAction => cluster.actions.get(`${namespace}/${name}`) ?? expect.fail(`no ${name}`);

describe("a lease", () => {
  it("becomes exactly one TaskAction, with organisation, start time and everything its pod will need", async () => {
    await takeAction(leased(), deps);
    const { metadata, spec } = stored();
    expect(metadata).toMatchObject({
      name: "r1-a0",
      namespace,
      labels: {
        "biplane.dev/org": "acme",
        "flyte.org/project": "demo",
        "flyte.org/domain": "development",
        "flyte.org/run": "r1",
        "flyte.org/action": "a0",
        "flyte.org/action-type": "task",
        "flyte.org/is-root": "true",
        "app.kubernetes.io/managed-by": "biplane-executor",
      },
      annotations: { "biplane.dev/run-start-time": "2026-11-22T17:00:00Z" },
    });
    expect(spec).toEqual({
      runName: "r1",
      project: "demo",
      domain: "development",
      actionName: "a0",
      actionType: "task",
      taskType: "python",
      taskTemplate: "AQID",
      inputUri: "s3://meta/acme/demo/development/inputs/x",
      runOutputBase: "s3://meta/acme/demo/development/r1",
      interruptible: false,
      envVars: { LOG_LEVEL: "20" },
    });
    expect(said).toEqual([]);
  });

  it.each(["gs", "abfs"])("keeps what it makes in a bucket of any cloud's: %s", async (scheme) => {
    const runOutputBase = `${scheme}://meta/acme/demo/development/r1`;
    await takeAction(leased({ runOutputBase }), deps);
    expect(stored().spec.runOutputBase).toBe(runOutputBase);
  });

  it("of a child is owned by its parent, so that an abort takes both", async () => {
    await takeAction(leased(), deps);
    await takeAction(leased({ key: keyOf("r1", "c1"), parentAction: "a0" }), deps);
    const owner = {
      apiVersion: "flyte.org/v1",
      kind: "TaskAction",
      name: "r1-a0",
      uid: stored().metadata.uid,
      blockOwnerDeletion: true,
    };
    expect(stored("r1-c1").metadata.ownerReferences).toEqual([owner]);
    expect(stored("r1-c1").metadata.labels?.["flyte.org/is-root"]).toBe("false");
  });

  it("that comes again takes up what is there, and repeats what had ended", async () => {
    await takeAction(leased(), deps);
    await takeAction(leased(), deps);
    expect(said).toEqual([`look ${namespace}/r1-a0`]);
    stored().status = { phaseHistory: [{ phase: "SUCCEEDED", attempt: 1, occurredAt: "2026-11-22T17:00:00Z" }] };
    await takeAction(leased(), deps);
    expect(said.slice(1)).toEqual(["repeat r1-a0", `look ${namespace}/r1-a0`]);
  });

  it.each<[string, Leased, RegExp]>([
    ["another organisation", { org: "globex" }, /does not run actions of organisation "globex"/],
    [
      "a project that is not served",
      { key: { ...keyOf(), project: "other" } },
      /other\/development is not served.*demo-development/,
    ],
    ["a name that is no DNS label", { key: keyOf("../x") }, /run's name "..\/x"/],
    [
      "outputs beneath another run",
      { runOutputBase: "s3://meta/acme/demo/development/r2" },
      /outputs must go beneath acme\/demo\/development\/r1/,
    ],
    [
      "outputs that are nowhere's objects",
      { runOutputBase: "file://meta/acme/demo/development/r1" },
      /outputs must go beneath/,
    ],
    [
      "outputs beneath another organisation",
      { runOutputBase: "s3://meta/globex/demo/development/r1" },
      /outputs must go beneath/,
    ],
  ])("of %s is refused with a report", async (_, more, message) => {
    await takeAction(leased(more), deps);
    expect(cluster.actions.size).toBe(0);
    expect(said).toEqual([expect.stringMatching(message)]);
  });

  it("of another run whose resource would have the same name is refused", async () => {
    await takeAction(leased({ key: keyOf("r1-x", "y"), runOutputBase: "s3://meta/acme/demo/development/r1-x" }), deps);
    await takeAction(leased({ key: keyOf("r1", "x-y") }), deps);
    expect(said).toEqual([expect.stringMatching(/another run's action has the same name/)]);
  });

  it("is left to come again when the cluster cannot be asked", async () => {
    deps.cluster = { ...cluster, createAction: () => Promise.reject(new Error("API server down")) };
    await expect(takeAction(leased(), deps)).rejects.toThrow("API server down");
    expect(said).toEqual([]);
  });
});

describe("a cancellation", () => {
  const cancelled = (run = "r1") => create(CancelActionSchema, { key: keyOf(run), reason: "no longer wanted" });

  it("deletes the TaskAction and tells at once", async () => {
    await takeAction(leased(), deps);
    await cancelAction(cancelled(), deps);
    const [action] = [...cluster.actions.values()];
    expect(action?.metadata.deletionTimestamp).toBeDefined();
    expect(said).toEqual(["aborted r1-a0", `look ${namespace}/r1-a0`]);
  });

  it("of what is not here, or in no namespace of ours, is answered and touches nothing", async () => {
    await cancelAction(cancelled("r9"), deps);
    await cancelAction(create(CancelActionSchema, { key: { ...keyOf(), project: "kube", domain: "system" } }), deps);
    expect(said).toEqual([`aborted unseen ${namespace}/r9-a0`, "aborted unseen kube-system/r1-a0"]);
  });

  it("of what has ended repeats the end and keeps the record", async () => {
    await takeAction(leased(), deps);
    stored().status = { phaseHistory: [{ phase: "SUCCEEDED", attempt: 1, occurredAt: "2026-11-22T17:00:00Z" }] };
    await cancelAction(cancelled(), deps);
    expect([cluster.actions.size, said]).toEqual([1, ["repeat r1-a0"]]);
  });
});
