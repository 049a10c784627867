import { setTimeout as sleep } from "node:timers/promises";
import { fromBinary } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ExecutorQueueService, type LeasedAction } from "../../../gen/biplane/queue/v1/queue_pb.js";
import { ActionsService } from "../../../gen/flyteidl2/actions/actions_service_pb.js";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { TaskTemplateSchema } from "../../../gen/flyteidl2/core/tasks_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { openTestStore, type TestStore } from "../store/testing/fixtures.ts";
import { type InProcess, serveInProcess } from "./testing/in-process.ts";
import { actionId, baseOf, createRun, enqueueTask, runId } from "./testing/requests.ts";
import { startSimulatedExecutor, succeed } from "./testing/simulated-executor.ts";

let store: TestStore;
let served: InProcess;

async function fresh() {
  store = await openTestStore();
  served = await serveInProcess(store);
  return store;
}

const phaseOf = async (run: string, action = "a0") => {
  const { details } = await served.as(RunService).getActionDetails({ actionId: actionId(run, action) });
  return details?.status?.phase;
};
async function until(what: () => Promise<boolean> | boolean) {
  const end = Date.now() + 50_000;
  while (Date.now() < end) {
    if (await what()) return;
    await sleep(10);
  }
  throw new Error("it did not come about in 50 s");
}
const expireLeases = () =>
  store.database.withOrg("acme", (transaction) =>
    transaction.query("update biplane.queue set due_at = now() - interval '1 s'"),
  );

describe("an executor", () => {
  it("is handed a run as soon as it is created, with all that its pod needs", async () => {
    await using _ = await fresh();
    const handed: LeasedAction[] = [];
    const executor = startSimulatedExecutor({
      transport: served.asCluster("c1"),
      behave: (action) => {
        handed.push(action);
        return succeed(action);
      },
    });
    await served.as(RunService).createRun(createRun("hello"));
    await until(async () => (await phaseOf("hello")) === ActionPhase.SUCCEEDED);
    expect(handed).toMatchObject([
      {
        key: { project: "demo", domain: "development", run: "hello", action: "a0" },
        org: "acme",
        parentAction: "",
        taskType: "python",
        shortName: "hello",
        inputUri: "s3://metadata/acme/demo/development/inputs/0123",
        runOutputBase: baseOf("hello"),
        env: { LOG_LEVEL: "10" },
        interruptible: false,
      },
    ]);
    expect(handed[0]?.cacheKey).toMatch(/^[\w+/]{43}=$/);
    expect(handed[0]?.runStartTime).toBeDefined();
    const template = fromBinary(TaskTemplateSchema, handed[0]?.taskTemplate ?? new Uint8Array());
    expect(template).toMatchObject({ id: { name: "env.hello" }, target: { value: { image: "task", args: ["a0"] } } });
    await executor.stop();
  });

  it("that dies is replaced: another gets what it held, and the run still ends once", async () => {
    await using _ = await fresh();
    const dead = startSimulatedExecutor({ transport: served.asCluster("c1"), worker: "w1", behave: () => [] });
    await served.as(RunService).createRun(createRun("orphan"));
    await until(() => dead.delivered.length === 1);
    await dead.stop();
    await expireLeases();
    const next = startSimulatedExecutor({ transport: served.asCluster("c1"), worker: "w2" });
    await until(async () => (await phaseOf("orphan")) === ActionPhase.SUCCEEDED);
    expect(next.delivered).toEqual(["orphan/a0"]);
    await next.stop();
  });

  it("finishes 40 runs among three workers, each delivered once", async () => {
    await using _ = await fresh();
    const workers = ["w1", "w2", "w3"].map((worker) =>
      startSimulatedExecutor({ transport: served.asCluster("c1"), worker, capacity: 5 }),
    );
    const names = Array.from({ length: 40 }, (_, index) => `r${index}`);
    await Promise.all(names.map((run) => served.as(RunService).createRun(createRun(run))));
    await until(async () =>
      (await Promise.all(names.map((run) => phaseOf(run)))).every((phase) => phase === ActionPhase.SUCCEEDED),
    );
    const delivered = workers.flatMap((worker) => worker.delivered);
    expect(delivered.toSorted()).toEqual(names.map((run) => `${run}/a0`).toSorted());
    for (const worker of workers) await worker.stop();
  });

  it("is told of an abort, again until it has obeyed", async () => {
    await using _ = await fresh();
    const endless = async function* (_action: LeasedAction, cancelled: AbortSignal) {
      yield { phase: ActionPhase.RUNNING, attempt: 1 };
      await new Promise((resolve) => cancelled.addEventListener("abort", resolve));
    };
    const executor = startSimulatedExecutor({ transport: served.asCluster("c1"), behave: endless });
    await served.as(RunService).createRun(createRun("long"));
    await until(async () => (await phaseOf("long")) === ActionPhase.RUNNING);
    await served.as(ActionsService).enqueue(enqueueTask("long", "n1"));
    await until(async () => (await phaseOf("long", "n1")) === ActionPhase.RUNNING);
    await served.as(RunService).abortRun({ runId: runId("long"), reason: "enough" });
    expect(await phaseOf("long")).toBe(ActionPhase.ABORTED);
    await until(() => executor.cancelled.length === 2);
    expect(executor.cancelled.toSorted()).toEqual(["long/a0", "long/n1"]);
    await until(async () => {
      const rows = await store.database.withOrg("acme", (transaction) =>
        transaction.query("select 1 from biplane.queue"),
      );
      return rows.length === 0;
    });
    await executor.stop();
  });

  it("of another organisation or another cluster gets nothing of this one", async () => {
    await using _ = await fresh();
    const mine = startSimulatedExecutor({ transport: served.asCluster("c1"), behave: () => [] });
    await served.as(RunService).createRun(createRun("mine"));
    await until(() => mine.delivered.length === 1);
    const others = [served.asCluster("c1", "globex"), served.asCluster("c2")].map((transport) =>
      startSimulatedExecutor({ transport, worker: "other" }),
    );
    await sleep(200);
    expect(others.map((other) => other.delivered)).toEqual([[], []]);
    for (const executor of [mine, ...others]) await executor.stop();
  });

  it("learns which leases it has lost", async () => {
    await using _ = await fresh();
    await served.as(RunService).createRun(createRun("lost"));
    const client = createClient(ExecutorQueueService, served.asCluster("c1"));
    const stream = client.lease({ worker: "w1", capacity: 1 })[Symbol.asyncIterator]();
    await stream.next();
    await stream.return?.();
    const key = { project: "demo", domain: "development", run: "lost", action: "a0" };
    expect((await client.extendLeases({ worker: "w1", keys: [key] })).lost).toEqual([]);
    expect((await client.extendLeases({ worker: "w2", keys: [key] })).lost).toMatchObject([key]);
  });

  it.each([
    ["no worker", { worker: "", capacity: 1 }, /worker is ""/],
    ["no capacity", { worker: "w", capacity: 0 }, /capacity is 0; allowed: a whole number from 1/],
  ])("that names %s is refused", async (_, request, message) => {
    await using _store = await fresh();
    const stream = createClient(ExecutorQueueService, served.asCluster("c1")).lease(request);
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: Code.InvalidArgument,
      message: expect.stringMatching(message),
    });
  });

  const key = { project: "demo", domain: "development", run: "r", action: "a0" };
  it.each([
    ["an unknown phase", { key, phase: 42, attempt: 1 }, /report of r\/a0: phase is 42/],
    ["no attempt", { key, phase: 4 }, /report of r\/a0: attempt is 0; allowed: a whole number from 1/],
    ["no key", { phase: 4, attempt: 1 }, /key is missing/],
    ["a retry that is no end", { key, phase: 4, attempt: 1, retrying: true }, /retrying is "RUNNING"/],
  ])("that reports %s is refused", async (_, report, message) => {
    await using _store = await fresh();
    const client = createClient(ExecutorQueueService, served.asCluster("c1"));
    await expect(client.report({ reports: [report] })).rejects.toMatchObject({
      code: Code.InvalidArgument,
      message: expect.stringMatching(message),
    });
  });

  it("must be a compute plane: no user may lease or report, whatever the role", async () => {
    await using _ = await fresh();
    for (const role of ["admin", "contributor", "viewer", "task"]) {
      const client = served.as(ExecutorQueueService, { role });
      await expect(client.report({ reports: [] })).rejects.toMatchObject({ code: Code.PermissionDenied });
    }
    const plane = createClient(RunService, served.asCluster("c1"));
    await expect(plane.listRuns({})).rejects.toMatchObject({ code: Code.PermissionDenied });
  });

  it("may send any text as an error: it is cut, not refused", async () => {
    await using _ = await fresh();
    const message = `boom\0${"x".repeat(100_000)}`;
    const executor = startSimulatedExecutor({
      transport: served.asCluster("c1"),
      behave: () => [{ phase: ActionPhase.FAILED, attempt: 1, error: { message } }],
    });
    await served.as(RunService).createRun(createRun("verbose"));
    await until(async () => (await phaseOf("verbose")) === ActionPhase.FAILED);
    const { details } = await served.as(RunService).getActionDetails({ actionId: actionId("verbose") });
    const text = expect.stringMatching(/^boomx+… \(cut\)$/);
    expect(details?.result).toMatchObject({ case: "errorInfo", value: { code: "Unknown", message: text } });
    await executor.stop();
  });
});
