/** RunService: runs and actions, created, read, followed and aborted. All of the caller's own organisation. */
import { fromBinary } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { RunSpecSchema } from "../../../gen/flyteidl2/task/run_pb.js";
import { type TaskSpec, TaskSpecSchema } from "../../../gen/flyteidl2/task/task_definition_pb.js";
import { type ActionDetails, ActionType } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import type { CreateRunRequest, RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { type Caller, callerOf } from "../../shared/auth/caller.ts";
import { allows } from "../../shared/auth/permissions.ts";
import { alreadyExists, invalid, notFound } from "../../shared/errors.ts";
import type { Database } from "../../shared/postgres.ts";
import { abortAction } from "../store/abort.ts";
import { listActions, readAction, readRunAction } from "../store/actions.ts";
import { actionShape, runShape } from "../store/fields.ts";
import type { Hub } from "../store/hub.ts";
import { type ActionKey, type RunKey, rootAction, runTopic } from "../store/keys.ts";
import { pageOf, planList } from "../store/listing.ts";
import { runChannel } from "../store/notify.ts";
import { isTerminal } from "../store/progress.ts";
import { insertRun, listRuns, type NewRun, readRunSpec } from "../store/runs.ts";
import type { TaskKey } from "../store/tasks.ts";
import { readTrigger } from "../store/triggers.ts";
import { readWhenever } from "../store/watch.ts";
import { readKnownTask } from "./build-image-task.ts";
import { actionKeyOf, runKeyOf, taskKeyOf, triggerKeyOf } from "./identifiers.ts";
import { planRun } from "./new-run.ts";
import { runScope } from "./scopes.ts";
import { answerOfPayload, signal } from "./signal.ts";
import type { TriggerDeps } from "./trigger-service.ts";
import { planTriggeredRun } from "./triggered-run.ts";
import { actionView, detailsView, runView } from "./views.ts";

export interface RunsDeps extends TriggerDeps {
  hub: Hub;
}

/** A watch in which nothing changes repeats its last message before proxies cut the stream. */
const repeatMs = 30_000;

export function runService({
  database,
  hub,
}: Pick<RunsDeps, "database" | "hub">): Partial<ServiceImpl<typeof RunService>> {
  return {
    async createRun(request, context) {
      const caller = callerOf(context);
      const run = await newRun(database, caller, request);
      const outcome = await insertRun(database, caller.org, run);
      if (outcome === "name-taken") throw alreadyExists(`the run ${run.key.run}`);
      const row = await readRunAction(database, caller.org, { ...run.key, action: rootAction });
      if (!row) throw new Error("a run without its root action");
      return { run: runView(caller.org, row) };
    },
    async abortRun({ runId, reason }, context) {
      const caller = callerOf(context);
      await abort(database, caller, { ...runKeyOf(caller, runId), action: rootAction }, reason);
      return {};
    },
    async abortAction({ actionId, reason }, context) {
      const caller = callerOf(context);
      await abort(database, caller, actionKeyOf(caller, actionId), reason);
      return {};
    },
    async signalEvent({ actionId, parentActionName, payload }, context) {
      const caller = callerOf(context);
      await signal(database, caller, actionKeyOf(caller, actionId), parentActionName, answerOfPayload(payload));
      return {};
    },
    async getRunDetails({ runId }, context) {
      const caller = callerOf(context);
      const key = runKeyOf(caller, runId);
      const runSpec = await runSpecOf(database, caller, key);
      return { details: { runSpec, action: await detailsOf(database, caller, { ...key, action: rootAction }) } };
    },
    async *watchRunDetails({ runId }, context) {
      const caller = callerOf(context);
      const key = runKeyOf(caller, runId);
      const runSpec = await runSpecOf(database, caller, key);
      const root = { ...key, action: rootAction };
      for await (const action of follow(database, hub, caller, root, context)) yield { details: { runSpec, action } };
    },
    async getActionDetails({ actionId }, context) {
      const caller = callerOf(context);
      return { details: await detailsOf(database, caller, actionKeyOf(caller, actionId)) };
    },
    async *watchActionDetails({ actionId }, context) {
      const caller = callerOf(context);
      const key = actionKeyOf(caller, actionId);
      for await (const details of follow(database, hub, caller, key, context)) yield { details };
    },
    async getActionDataURIs({ actionId }, context) {
      const caller = callerOf(context);
      const key = actionKeyOf(caller, actionId);
      const row = await readRunAction(database, caller.org, key);
      if (!row) throw noAction(key);
      // It has neither: the client must name an address, and nothing lies there.
      if (row.action_type === ActionType.CONDITION) return {};
      return { inputsUri: row.input_uri, outputsUri: row.output_uri };
    },
    async listRuns({ request, scopeBy, pausedActionsOnly }, context) {
      const caller = callerOf(context);
      const plan = planList(request, runShape, runScope(caller, scopeBy, pausedActionsOnly));
      const { rows, token } = pageOf(await listRuns(database, caller.org, plan), plan);
      return { runs: rows.map((row) => runView(caller.org, row)), token };
    },
    async listActions({ request, runId }, context) {
      const caller = callerOf(context);
      const key = runKeyOf(caller, runId);
      const plan = planList(request, actionShape);
      const { rows, token } = pageOf(await listActions(database, caller.org, key, plan), plan);
      return { actions: rows.map((row) => actionView(caller.org, row)), token };
    },
  };
}

async function newRun(database: Database, caller: Caller, request: CreateRunRequest): Promise<NewRun> {
  const { task } = request;
  const now = new Date();
  if (task.case === "taskSpec") return planRun(caller, request, task.value, now);
  if (task.case === "taskId") {
    return planRun(caller, request, await deployed(database, caller, taskKeyOf(caller, task.value)), now);
  }
  if (task.case !== "triggerName") throw invalid({ subject: "task", allowed: "task_id, task_spec or trigger_name" });
  const key = triggerKeyOf(caller, task.value);
  const trigger = await readTrigger(database, caller.org, key);
  if (!trigger) throw notFound(`the trigger ${key.name} of the task ${key.task}`);
  const spec = await deployed(database, caller, { ...key, name: key.task, version: trigger.task_version });
  return planTriggeredRun(caller, request, trigger, spec, now);
}

async function deployed(database: Database, caller: Caller, key: TaskKey): Promise<TaskSpec> {
  const row = await readKnownTask(database, caller.org, key);
  if (!row) throw notFound(`the task ${key.name}, version ${key.version}`);
  return fromBinary(TaskSpecSchema, row.spec);
}

async function abort(database: Database, caller: Caller, key: ActionKey, reason = ""): Promise<void> {
  const by = { subject: caller.subject, kind: caller.kind };
  const outcome = await abortAction(database, caller.org, key, reason.slice(0, 4096), by);
  if (outcome === "not-found") throw noAction(key);
}

async function runSpecOf(database: Database, caller: Caller, key: RunKey) {
  const bytes = await readRunSpec(database, caller.org, key);
  if (!bytes) throw noAction({ ...key, action: rootAction });
  return fromBinary(RunSpecSchema, bytes);
}

async function detailsOf(database: Database, caller: Caller, key: ActionKey): Promise<ActionDetails> {
  const read = await readAction(database, caller.org, key);
  if (!read) throw noAction(key);
  return detailsView(caller.org, read.action, read.attempts, seesData(caller, key));
}

/** Some see how a run stands, and not what it is about. */
function seesData({ grants }: Caller, at: ActionKey): boolean {
  return allows(grants, { anyOf: ["view_flyte_executions"], at });
}

/** The details as they are, then after every change, until the action has ended. */
async function* follow(
  database: Database,
  hub: Hub,
  caller: Caller,
  key: ActionKey,
  context: HandlerContext,
): AsyncGenerator<ActionDetails> {
  let sent = { change: "", at: 0 };
  const topic = { channel: runChannel, key: runTopic(caller.org, key) };
  for await (const read of readWhenever(hub, topic, context.signal, () => readAction(database, caller.org, key))) {
    if (!read) throw noAction(key);
    const { changed_in: change, phase } = read.action;
    if (change === sent.change && Date.now() - sent.at < repeatMs) continue;
    sent = { change, at: Date.now() };
    yield detailsView(caller.org, read.action, read.attempts, seesData(callerOf(context), key));
    if (isTerminal(phase)) return;
  }
}

function noAction({ run, action }: ActionKey) {
  return notFound(action === rootAction ? `the run ${run}` : `the action ${action} of the run ${run}`);
}
