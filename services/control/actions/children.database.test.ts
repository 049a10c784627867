import { type Client, Code } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ActionsService } from "../../../gen/flyteidl2/actions/actions_service_pb.js";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { QueueService } from "../../../gen/flyteidl2/workflow/queue_service_pb.js";
import { ActionType } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { type ActionUpdate, StateService } from "../../../gen/flyteidl2/workflow/state_service_pb.js";
import { openTestStore, type TestStore } from "../store/testing/fixtures.ts";
import { type InProcess, serveInProcess } from "./testing/in-process.ts";
import { actionId, baseOf, createRun, enqueueTask, runId } from "./testing/requests.ts";
import { startSimulatedExecutor, succeedChildren } from "./testing/simulated-executor.ts";

let store: TestStore;
let served: InProcess;
beforeEach(async () => {
  store = await openTestStore();
  served = await serveInProcess(store);
});
afterEach(() => store[Symbol.asyncDispose]());

const refused = (code: Code, message: RegExp) => ({ code, message: expect.stringMatching(message) });
const pod = { role: "task", sub: "acme-tasks" };
const actions = (claims = {}): Client<typeof ActionsService> => served.as(ActionsService, { ...pod, ...claims });
const start = (name: string) => served.as(RunService).createRun(createRun(name));

/** As the client's informer: what came before the sentinel, and after it, until `done`. */
async function watch(run: string, done: (latest: Map<string, ActionUpdate>) => boolean, onSentinel = async () => {}) {
  const latest = new Map<string, ActionUpdate>();
  const before: string[] = [];
  let ready = false;
  const stop = new AbortController();
  for await (const { message } of actions().watchForUpdates(
    { filter: { case: "parentActionId", value: actionId(run) } },
    { signal: stop.signal },
  )) {
    if (message.case === "controlMessage" && !ready) {
      ready = message.value.sentinel;
      await onSentinel();
    }
    if (message.case !== "actionUpdate") continue;
    const name = message.value.actionId?.name ?? "";
    if (!ready) before.push(name);
    latest.set(name, message.value);
    if (done(latest)) break;
  }
  stop.abort();
  return { before, latest };
}

const allSucceeded = (names: string[]) => (latest: Map<string, ActionUpdate>) =>
  names.every((name) => latest.get(name)?.phase === ActionPhase.SUCCEEDED);

describe("a parent", () => {
  it("waits for the sentinel, enqueues its children, and sees each one end with its outputs", async () => {
    await start("fanout");
    const executor = startSimulatedExecutor({ transport: served.asCluster("c1"), behave: succeedChildren });
    const names = ["n1", "n2", "n3", "n4", "n5"];
    const { before, latest } = await watch("fanout", allSucceeded(names), async () => {
      for (const name of names) await actions().enqueue(enqueueTask("fanout", name));
    });
    expect(before).toEqual([]);
    expect(latest.get("n3")).toMatchObject({
      outputUri: `${baseOf("fanout")}/n3/1`,
      actionId: actionId("fanout", "n3"),
    });
    const { actions: listed } = await served.as(RunService).listActions({ runId: runId("fanout") });
    expect(listed).toHaveLength(6);
    expect(listed.find(({ id }) => id?.name === "n3")?.metadata).toMatchObject({ parent: "a0", group: "fanout" });
    await executor.stop();
  });

  it("that restarts attaches to its children: all of them come before the sentinel", async () => {
    await start("resumed");
    for (const name of ["n1", "n2"]) await actions().enqueue(enqueueTask("resumed", name));
    await expect(actions().enqueue(enqueueTask("resumed", "n1"))).rejects.toMatchObject(
      refused(Code.AlreadyExists, /the action n1 of the run resumed already exists/),
    );
    const executor = startSimulatedExecutor({ transport: served.asCluster("c1"), behave: succeedChildren });
    const { before } = await watch("resumed", allSucceeded(["n1", "n2"]));
    expect(before.toSorted()).toEqual(["n1", "n2"]);
    await executor.stop();
  });

  it("is told the code, message and kind of a child's failure", async () => {
    await start("failing");
    const error = { code: "ValueError", message: "boom", kind: 1 };
    const executor = startSimulatedExecutor({
      transport: served.asCluster("c1"),
      behave: ({ key }) => (key?.action === "n1" ? [{ phase: ActionPhase.FAILED, attempt: 1, error }] : []),
    });
    await actions().enqueue(enqueueTask("failing", "n1"));
    const { latest } = await watch("failing", (seen) => seen.get("n1")?.phase === ActionPhase.FAILED);
    expect(latest.get("n1")).toMatchObject({ error, outputUri: "" });
    await executor.stop();
  });

  it("records a trace finished, without any compute plane", async () => {
    await start("traced");
    const [startTime, endTime] = [
      { seconds: 1_767_225_600n, nanos: 0 },
      { seconds: 1_767_225_602n, nanos: 0 },
    ];
    const outputs = { outputUri: `${baseOf("traced")}/t1/outputs.pb` };
    const value = { name: "my_trace", phase: ActionPhase.SUCCEEDED, startTime, endTime, outputs };
    const { action } = enqueueTask("traced", "t1");
    await actions().enqueue({ action: { ...action, spec: { case: "trace", value } } });
    const { latest } = await watch("traced", allSucceeded(["t1"]));
    expect(latest.get("t1")?.outputUri).toBe(outputs.outputUri);
    const { details } = await served.as(RunService).getActionDetails({ actionId: actionId("traced", "t1") });
    expect(details?.metadata).toMatchObject({ actionType: ActionType.TRACE, spec: { value: { name: "my_trace" } } });
    expect(details?.status).toMatchObject({ phase: ActionPhase.SUCCEEDED, startTime, endTime, durationMs: 2000n });
  });

  it("may use Queue and State instead of Actions, with the same results", async () => {
    await start("older");
    const { action } = enqueueTask("older", "n1");
    const older = served.as(QueueService, pod);
    await older.enqueueAction({ ...action });
    const executor = startSimulatedExecutor({ transport: served.asCluster("c1"), behave: succeedChildren });
    const stop = new AbortController();
    const seen: ActionPhase[] = [];
    const filter = { case: "parentActionId" as const, value: actionId("older") };
    for await (const { message } of served.as(StateService, pod).watch({ filter }, { signal: stop.signal })) {
      if (message.case === "actionUpdate") seen.push(message.value.phase);
      if (seen.at(-1) === ActionPhase.SUCCEEDED) break;
    }
    stop.abort();
    await older.abortQueuedAction({ actionId: actionId("older", "n1"), reason: "late" });
    await older.abortQueuedRun({ runId: runId("older"), reason: "over" });
    const { details } = await served.as(RunService).getRunDetails({ runId: runId("older") });
    expect(details?.action?.result).toMatchObject({ case: "abortInfo", value: { reason: "over" } });
    await executor.stop();
  });

  it("whose run was aborted is told so, and its children with it", async () => {
    await start("stopped");
    await actions().enqueue(enqueueTask("stopped", "n1"));
    const aborted = watch(
      "stopped",
      (seen) => seen.get("n1")?.phase === ActionPhase.ABORTED,
      async () => {
        await served.as(RunService).abortRun({ runId: runId("stopped"), reason: "enough" });
      },
    );
    expect((await aborted).latest.get("n1")?.phase).toBe(ActionPhase.ABORTED);
    await expect(actions().enqueue(enqueueTask("stopped", "n2"))).rejects.toMatchObject(
      refused(Code.Aborted, /the action a0 of the run stopped has ended/),
    );
  });

  it("can abort one child and leave the others", async () => {
    await start("choosy");
    for (const name of ["n1", "n2"]) await actions().enqueue(enqueueTask("choosy", name));
    await actions().abort({ actionId: actionId("choosy", "n1"), reason: "not this one" });
    const { latest } = await watch("choosy", (seen) => seen.size === 2);
    expect([latest.get("n1")?.phase, latest.get("n2")?.phase]).toEqual([ActionPhase.ABORTED, ActionPhase.QUEUED]);
  });
});

describe("an enqueue", () => {
  const { action } = enqueueTask("strict", "n1");
  const changed = (more: object) => ({ action: { ...action, ...more } });
  it.each([
    [
      "a name with a dash",
      changed({ actionId: actionId("strict", "n-1") }),
      Code.InvalidArgument,
      /action_id.name is "n-1"; allowed: 1 to 30 of a-z and 0-9/,
    ],
    [
      "the root's name",
      changed({ actionId: actionId("strict", "a0") }),
      Code.InvalidArgument,
      /action_id.name is "a0"/,
    ],
    ["no action", {}, Code.InvalidArgument, /action is missing/],
    ["no parent's name", changed({ parentActionName: "" }), Code.InvalidArgument, /parent_action_name is ""/],
    [
      "a parent that is not there",
      changed({ parentActionName: "ghost" }),
      Code.NotFound,
      /the action ghost of the run strict does not exist/,
    ],
    [
      "another base",
      changed({ runOutputBase: "s3://metadata/acme/x", inputUri: "s3://metadata/acme/x/i" }),
      Code.InvalidArgument,
      /run_output_base is .* allowed: s3:\/\/metadata\/acme\/demo\/development\/strict/,
    ],
    ["inputs outside the run", changed({ inputUri: "s3://metadata/globex/i" }), Code.InvalidArgument, /input_uri is /],
    [
      "inputs that climb out",
      changed({ inputUri: `${baseOf("strict")}/../../i` }),
      Code.InvalidArgument,
      /input_uri is /,
    ],
    [
      "no spec",
      changed({ spec: { case: undefined } }),
      Code.InvalidArgument,
      /spec is .*; allowed: task, trace or condition/,
    ],
    [
      "an unfinished trace",
      changed({ spec: { case: "trace", value: { name: "t", phase: ActionPhase.RUNNING } } }),
      Code.InvalidArgument,
      /trace.phase is "RUNNING"/,
    ],
    [
      "another organisation",
      changed({ actionId: actionId("strict", "n1", "globex") }),
      Code.PermissionDenied,
      /not the caller's/,
    ],
  ])("with %s is refused", async (_, request, code, message) => {
    await start("strict");
    await expect(actions().enqueue(request)).rejects.toMatchObject(refused(code, message));
  });

  it("with text that no database can hold is the caller's mistake", async () => {
    await start("nul");
    const { action } = enqueueTask("nul", "n1");
    const odd = actions().enqueue({ action: { ...action, group: "a\0b" } });
    await expect(odd).rejects.toMatchObject(refused(Code.InvalidArgument, /a value in the request cannot be kept/));
  });

  it("is for those who may write, and a watch only for the organisation itself", async () => {
    await start("guarded");
    await expect(actions({ role: "viewer" }).enqueue(enqueueTask("guarded", "n1"))).rejects.toMatchObject({
      code: Code.PermissionDenied,
    });
    const parent = { ...actionId("guarded"), run: { ...runId("guarded"), org: "" } };
    const foreign = actions({ org: "globex" }).watchForUpdates({ filter: { case: "parentActionId", value: parent } });
    await expect(foreign[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: Code.NotFound });
  });
});
