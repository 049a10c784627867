import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Filter_Function } from "../../../gen/flyteidl2/common/list_pb.js";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { CatalogCacheStatus } from "../../../gen/flyteidl2/core/catalog_pb.js";
import { TaskService } from "../../../gen/flyteidl2/task/task_service_pb.js";
import { ActionType, ErrorInfo_Kind } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { collect, type InProcess, serveInProcess } from "../actions/testing/in-process.ts";
import { actionId, createRun, runId, taskSpec } from "../actions/testing/requests.ts";
import { lease } from "../store/queue.ts";
import { applyReports, type KeyedReport } from "../store/reports.ts";
import { openTestStore, type TestStore } from "../store/testing/fixtures.ts";

let store: TestStore;
let served: InProcess;
beforeAll(async () => {
  store = await openTestStore();
  served = await serveInProcess(store);
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
});

const runs = (claims?: Record<string, unknown>) => served.as(RunService, claims);
const refused = (code: Code, message: RegExp) => ({ code, message: expect.stringMatching(message) });

async function report(run: string, ...steps: Partial<KeyedReport>[]) {
  await lease(store.database, { org: "acme", cluster: "c1", worker: "w1" }, 1000);
  const key = { project: "demo", domain: "development", run, action: "a0" };
  const usual = { key, phase: ActionPhase.RUNNING, attempt: 1, outputUri: "", retrying: false };
  const at = Date.now();
  const reports = steps.map((step, index) => ({ ...usual, at: new Date(at + index), ...step }));
  await applyReports(store.database, "acme", "c1", reports);
}

describe("CreateRun", () => {
  it("records the run with its root action a0, and what the client asked", async () => {
    const { run } = await runs().createRun(createRun("first"));
    expect(run?.action?.id).toMatchObject({ name: "a0", run: runId("first") });
    expect(run?.labels).toEqual({ team: "red" });
    expect(run?.action?.status).toMatchObject({ phase: ActionPhase.QUEUED, attempts: 1 });
    expect(run?.action?.metadata).toMatchObject({
      actionType: ActionType.TASK,
      environmentName: "env",
      funtionName: "hello",
      executedBy: { principal: { case: "application", value: { id: { subject: "someone" } } } },
      spec: {
        case: "task",
        value: { taskType: "python", shortName: "hello", id: { name: "env.hello", version: "v1" } },
      },
    });
    const { details } = await runs().getRunDetails({ runId: runId("first") });
    expect(details?.runSpec?.envs?.values).toMatchObject([{ key: "LOG_LEVEL", value: "10" }]);
    expect(details?.action?.spec.case).toBe("task");
    expect(await runs().getActionDataURIs({ actionId: actionId("first") })).toMatchObject({
      inputsUri: "s3://metadata/acme/demo/development/inputs/0123",
      outputsUri: "",
    });
  });

  it("makes a name that Kubernetes accepts where only a project is given", async () => {
    const id = { organization: "acme", name: "demo", domain: "development" };
    const { run } = await runs().createRun(createRun("", { id: { case: "projectId", value: id } }));
    expect(run?.action?.id?.run?.name).toMatch(/^[a-z][a-z0-9]{1,29}$/);
  });

  it("keeps one start time for the whole run: the one given, or the moment of creation", async () => {
    const given = timestampFromDate(new Date("2026-02-03T04:05:06Z"));
    await runs().createRun(createRun("timed", { runStartTime: given }));
    await runs().createRun(createRun("untimed"));
    const of = async (name: string) =>
      (await runs().getRunDetails({ runId: runId(name) })).details?.runSpec?.runStartTime;
    expect(await of("timed")).toEqual(given);
    expect(Number((await of("untimed"))?.seconds)).toBeGreaterThan(1_700_000_000);
    expect(await of("untimed")).toEqual(await of("untimed"));
  });

  it("lets exactly one of many that race for a name win", async () => {
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => runs().createRun(createRun("race"))));
    const lost = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
    expect(lost).toHaveLength(7);
    for (const error of lost) expect(error).toMatchObject(refused(Code.AlreadyExists, /the run race already exists/));
  });

  it("runs a deployed task by its name and version", async () => {
    const tasks = served.as(TaskService);
    const task = { ...taskSpec.taskTemplate.id, name: "env.deployed", version: "v7" };
    const spec = { ...taskSpec, taskTemplate: { ...taskSpec.taskTemplate, id: task } };
    await tasks.deployTask({ taskId: task, spec });
    const { run } = await runs().createRun(createRun("bytask", { task: { case: "taskId", value: task } }));
    expect(run?.action?.metadata?.spec.value).toMatchObject({ id: { name: "env.deployed", version: "v7" } });
    const ghost = { ...task, version: "v8" };
    await expect(
      runs().createRun(createRun("ghost", { task: { case: "taskId", value: ghost } })),
    ).rejects.toMatchObject(refused(Code.NotFound, /the task env.deployed, version v8 does not exist/));
  });

  const inputs = (uri: string) => ({ inputWrapper: { case: "offloadedInputData" as const, value: { uri } } });
  it.each([
    ["a name with capitals", createRun("Run"), /run name is "Run"; allowed: 1 to 30/],
    ["a name of 31 letters", createRun("a".repeat(31)), /run name is "a+"; allowed: 1 to 30/],
    ["a name that ends in a dash", createRun("run-"), /run name is "run-"/],
    [
      "no name and no project",
      createRun("x", { id: { case: undefined } }),
      /id is missing; allowed: run_id or project_id/,
    ],
    [
      "a project that is no label",
      createRun("x", { id: { case: "runId", value: { ...runId("x"), project: "De/mo" } } }),
      /project is "De\/mo"; allowed: a DNS label/,
    ],
    [
      "no task",
      createRun("x", { task: { case: undefined } }),
      /task is missing; allowed: task_id, task_spec or trigger_name/,
    ],
    [
      "a task without a template",
      createRun("x", { task: { case: "taskSpec", value: {} } }),
      /task_template is missing/,
    ],
    [
      "inputs within the request",
      createRun("x", { inputWrapper: { case: "inputs", value: {} } }),
      /inputs is "inputs"; allowed: offloaded_input_data/,
    ],
    [
      "inputs of another organisation",
      createRun("x", inputs("s3://metadata/globex/demo/development/inputs/1")),
      /uri is .*globex.*allowed: s3:\/\/, gs:\/\/ or abfs:\/\/<metadata bucket>\/acme\/demo\/development\//,
    ],
    ["inputs of another project", createRun("x", inputs("s3://metadata/acme/other/development/inputs/1")), /uri is /],
    ["inputs that climb out", createRun("x", inputs("s3://metadata/acme/demo/development/../../globex")), /uri is /],
    ["inputs elsewhere", createRun("x", inputs("https://example.com/acme/demo/development/i")), /uri is /],
  ])("refuses %s and says what is allowed", async (_, request, message) => {
    await expect(runs().createRun(request)).rejects.toMatchObject(refused(Code.InvalidArgument, message));
  });
});

describe("an organisation", () => {
  it("named in a request must be the caller's own, wherever it stands", async () => {
    const theirs = { case: "runId" as const, value: runId("x", "globex") };
    const template = { ...taskSpec.taskTemplate, id: { ...taskSpec.taskTemplate.id, org: "globex" } };
    for (const call of [
      () => runs().createRun(createRun("x", { id: theirs })),
      () =>
        runs().createRun(
          createRun("x", { task: { case: "taskSpec", value: { ...taskSpec, taskTemplate: template } } }),
        ),
      () => runs().getRunDetails({ runId: runId("first", "globex") }),
      () => runs().getActionDetails({ actionId: actionId("first", "a0", "globex") }),
      () => runs().abortRun({ runId: runId("first", "globex") }),
      () => runs().listActions({ runId: runId("first", "globex") }),
      () => runs().listRuns({ scopeBy: { case: "org", value: "globex" } }),
      () =>
        runs().listRuns({
          scopeBy: { case: "projectId", value: { organization: "globex", name: "demo", domain: "development" } },
        }),
    ]) {
      await expect(call()).rejects.toMatchObject(refused(Code.PermissionDenied, /not the caller's/));
    }
  });

  it("does not see another's run, and is answered as if there were none", async () => {
    await runs().createRun(createRun("secret"));
    const theirs = runs({ org: "globex" });
    const named = { ...runId("secret"), org: "" };
    const answer = refused(Code.NotFound, /^\[not_found\] the run secret does not exist$/);
    await expect(theirs.getRunDetails({ runId: named })).rejects.toMatchObject(answer);
    await expect(theirs.abortRun({ runId: named })).rejects.toMatchObject(answer);
    expect((await theirs.listRuns({ scopeBy: { case: "org", value: "globex" } })).runs).toEqual([]);
    expect((await theirs.listActions({ runId: named })).actions).toEqual([]);
  });
});

describe("details", () => {
  it("show each attempt with its phases, times, error and addresses", async () => {
    await runs().createRun(createRun("retried"));
    const error = { code: "ValueError", message: "Traceback: boom", kind: ErrorInfo_Kind.USER };
    await report("retried", {}, { phase: ActionPhase.FAILED, error, retrying: true });
    const between = (await runs().getActionDetails({ actionId: actionId("retried") })).details;
    expect(between?.status).toMatchObject({ phase: ActionPhase.QUEUED, attempts: 1 });
    expect(between?.result.case).toBeUndefined();
    await report("retried", { attempt: 2 }, { phase: ActionPhase.FAILED, attempt: 2, error });
    const { details } = await runs().getActionDetails({ actionId: actionId("retried") });
    expect(details?.status).toMatchObject({ phase: ActionPhase.FAILED, attempts: 2 });
    expect(details?.result).toMatchObject({ case: "errorInfo", value: error });
    expect(details?.attempts).toMatchObject([
      { attempt: 1, phase: ActionPhase.FAILED, logsAvailable: true, errorInfo: error, cluster: "c1" },
      { attempt: 2, phase: ActionPhase.FAILED, logsAvailable: true, errorInfo: error },
    ]);
    expect(details?.attempts[0]?.phaseTransitions.map(({ phase }) => phase)).toEqual([
      ActionPhase.QUEUED,
      ActionPhase.RUNNING,
      ActionPhase.FAILED,
    ]);
    expect(details?.attempts[1]?.outputs).toMatchObject({
      outputUri: "s3://metadata/acme/demo/development/retried/a0/2/outputs.pb",
      reportUri: "s3://metadata/acme/demo/development/retried/a0/2/report.html",
    });
  });

  it("have one attempt, without logs, before any compute plane has spoken", async () => {
    await runs().createRun(createRun("waiting"));
    const { details } = await runs().getActionDetails({ actionId: actionId("waiting") });
    expect(details?.attempts).toMatchObject([{ attempt: 1, phase: ActionPhase.QUEUED, logsAvailable: false }]);
  });

  it("of a failure without a reason still name a code", async () => {
    await runs().createRun(createRun("silent"));
    await report("silent", { phase: ActionPhase.TIMED_OUT });
    const { details } = await runs().getActionDetails({ actionId: actionId("silent") });
    expect(details?.result).toMatchObject({ case: "errorInfo", value: { code: "DEADLINE_EXCEEDED" } });
  });

  it("of an aborted run name the reason and who did it, at once", async () => {
    await runs().createRun(createRun("aborted"));
    await runs({ sub: "jane", kind: "user" }).abortRun({ runId: runId("aborted"), reason: "too slow" });
    const { details } = await runs().getRunDetails({ runId: runId("aborted") });
    expect(details?.action?.result).toMatchObject({
      case: "abortInfo",
      value: { reason: "too slow", abortedBy: { principal: { case: "user", value: { id: { subject: "jane" } } } } },
    });
    await expect(runs().abortAction({ actionId: actionId("aborted", "n1") })).rejects.toMatchObject(
      refused(Code.NotFound, /the action n1 of the run aborted does not exist/),
    );
  });
});

describe("a cached task", () => {
  const uri = "s3://metadata/acme/demo/development/inputs/0123";
  const alike = (name: string, inputsHash: string, runSpec = {}) =>
    createRun(name, { inputWrapper: { case: "offloadedInputData", value: { uri, inputsHash } }, runSpec });
  const outputUri = "s3://metadata/acme/demo/development/made/a0/1";

  it("that was run with the same inputs has ended, with those outputs and no log of its own", async () => {
    await runs().createRun(alike("made", "alike"));
    await report("made", { phase: ActionPhase.SUCCEEDED, outputUri });
    const { run } = await runs().createRun(alike("found", "alike"));
    expect(run?.action?.status).toMatchObject({
      ...{ phase: ActionPhase.SUCCEEDED, cacheStatus: CatalogCacheStatus.CACHE_HIT, attempts: 1 },
    });
    const { details } = await runs().getActionDetails({ actionId: actionId("found") });
    expect(details?.attempts).toMatchObject([
      {
        ...{ attempt: 1, phase: ActionPhase.SUCCEEDED, cacheStatus: CatalogCacheStatus.CACHE_HIT },
        ...{ logsAvailable: false, outputs: { outputUri: `${outputUri}/outputs.pb` } },
      },
    ]);
    const { outputsUri } = await runs().getActionDataURIs({ actionId: actionId("found") });
    expect(outputsUri).toBe(outputUri);
    const other = await runs().createRun(alike("other", "not alike"));
    expect(other.run?.action?.status?.phase).toBe(ActionPhase.QUEUED);
  });

  it.each([
    ["as the client says it", { overwriteCache: true }],
    ["as it will say it", { cacheConfig: { overwriteCache: true } }],
  ])("runs again where its run overwrites what is kept, %s", async (how, runSpec) => {
    const name = how.replaceAll(" ", "-");
    const { run } = await runs().createRun(alike(name, "alike", runSpec));
    expect(run?.action?.status).toMatchObject({
      ...{ phase: ActionPhase.QUEUED, cacheStatus: CatalogCacheStatus.CACHE_SKIPPED },
    });
  });
});

describe("a watch", () => {
  it("sends the details, every change, and ends with the action", async () => {
    await runs().createRun(createRun("watched"));
    const phases: ActionPhase[] = [];
    for await (const { details } of runs().watchActionDetails({ actionId: actionId("watched") })) {
      const phase = details?.status?.phase ?? ActionPhase.UNSPECIFIED;
      phases.push(phase);
      if (phase === ActionPhase.QUEUED) await report("watched", { phase: ActionPhase.RUNNING });
      if (phase === ActionPhase.RUNNING)
        await report("watched", { phase: ActionPhase.SUCCEEDED, outputUri: "s3://m/o" });
    }
    expect(phases).toEqual([ActionPhase.QUEUED, ActionPhase.RUNNING, ActionPhase.SUCCEEDED]);
  });

  it("of what has ended sends its details once and ends", async () => {
    await runs().createRun(createRun("ended"));
    await runs().abortRun({ runId: runId("ended"), reason: "done" });
    const seen = await collect(runs().watchRunDetails({ runId: runId("ended") }));
    expect(seen.map(({ details }) => details?.action?.status?.phase)).toEqual([ActionPhase.ABORTED]);
    expect(seen[0]?.details?.runSpec?.labels?.values).toEqual({ team: "red" });
  });

  it("that reaches its deadline says so, and does not look finished", async () => {
    await runs().createRun(createRun("quiet"));
    const watch = collect(runs().watchActionDetails({ actionId: actionId("quiet") }, { timeoutMs: 200 }));
    await expect(watch).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  });

  it("of what does not exist is refused", async () => {
    const watch = collect(runs().watchActionDetails({ actionId: actionId("nothere") }));
    await expect(watch).rejects.toMatchObject(refused(Code.NotFound, /the run nothere does not exist/));
  });
});

describe("lists", () => {
  it("of runs keep to the project, the task and the filters asked for", async () => {
    const scope = { case: "projectId" as const, value: { organization: "acme", name: "lists", domain: "development" } };
    const create = (name: string) => {
      const uri = "s3://metadata/acme/lists/development/inputs/1";
      const value = { ...runId(name), project: "lists" };
      return runs().createRun(
        createRun(name, {
          id: { case: "runId", value },
          ...{ inputWrapper: { case: "offloadedInputData", value: { uri } } },
        }),
      );
    };
    for (const name of ["one", "two", "three"]) await create(name);
    await runs().abortRun({ runId: { ...runId("two"), project: "lists" } });
    const names = async (request: object) => {
      const answer = await runs().listRuns({
        scopeBy: scope,
        request: { sortBy: { key: "name", direction: 1 }, ...request },
      });
      return answer.runs.map((run) => run.action?.id?.run?.name);
    };
    expect(await names({})).toEqual(["one", "three", "two"]);
    expect(await names({ filters: [{ field: "phase", function: Filter_Function.EQUAL, values: ["7"] }] })).toEqual([
      "two",
    ]);
    const first = await runs().listRuns({
      scopeBy: scope,
      request: { limit: 2, sortBy: { key: "name", direction: 1 } },
    });
    expect(await names({ token: first.token })).toEqual(["two"]);
    const task = { case: "taskName" as const, value: { ...taskSpec.taskTemplate.id } };
    const { org, project, domain, name } = task.value;
    const byTask = await runs().listRuns({ scopeBy: { case: "taskName", value: { org, project, domain, name } } });
    expect(byTask.runs.length).toBeGreaterThan(3);
    await expect(names({ filters: [{ field: "colour", values: ["red"] }] })).rejects.toMatchObject(
      refused(Code.InvalidArgument, /filter is "colour"; allowed: name, phase/),
    );
  });

  it("of actions with the condition filter hold no other action", async () => {
    await runs().createRun(createRun("conditions"));
    const filters = [{ field: "action_type", function: Filter_Function.EQUAL, values: ["3"] }];
    const { actions } = await runs().listActions({ runId: runId("conditions"), request: { filters } });
    expect(actions).toEqual([]);
  });
});

describe("a viewer", () => {
  it("reads and changes nothing", async () => {
    const viewer = runs({ role: "viewer" });
    await viewer.getRunDetails({ runId: runId("first") });
    await expect(viewer.createRun(createRun("viewers"))).rejects.toMatchObject({ code: Code.PermissionDenied });
    await expect(viewer.abortRun({ runId: runId("first") })).rejects.toMatchObject({ code: Code.PermissionDenied });
  });
});
