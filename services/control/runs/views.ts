/** Runs and actions as clients see them. Pure: from rows to messages. */
import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { EnrichedIdentitySchema } from "../../../gen/flyteidl2/common/identity_pb.js";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { LiteralSchema } from "../../../gen/flyteidl2/core/literals_pb.js";
import { TaskSpecSchema } from "../../../gen/flyteidl2/task/task_definition_pb.js";
import {
  type ActionDetails,
  ActionDetailsSchema,
  ActionSchema,
  ActionType,
  ConditionActionSchema,
  RunSchema,
  TraceActionSchema,
} from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import type { ActionDetailRow } from "../store/actions.ts";
import type { Actor } from "../store/keys.ts";
import type { ActionRow, AttemptRow, RunActionRow } from "../store/rows.ts";
import { attemptViews } from "./attempt-views.ts";
import { errorInfo } from "./error-info.ts";

export function runView(org: string, row: RunActionRow) {
  return create(RunSchema, { action: actionView(org, row), labels: row.labels });
}

export function actionView(org: string, row: RunActionRow) {
  return create(ActionSchema, { id: actionIdOf(org, row), metadata: metadata(org, row), status: status(row) });
}

/** @param data false for who may see how the action stands, but not what it was asked or answered. */
export function detailsView(org: string, row: ActionDetailRow, attempts: AttemptRow[], data: boolean): ActionDetails {
  return create(ActionDetailsSchema, {
    id: actionIdOf(org, row),
    metadata: metadata(org, row),
    status: status(row),
    result: result(row, data),
    spec: spec(row, data),
    attempts: row.action_type === ActionType.TASK ? attemptViews(row, attempts) : [],
  });
}

export function actionIdOf(org: string, { project, domain, run, action }: ActionRow) {
  return { run: { org, project, domain, name: run }, name: action };
}

export function identityView(org: string, { subject, kind }: Actor): MessageInitShape<typeof EnrichedIdentitySchema> {
  if (kind === "user") return { principal: { case: "user", value: { id: { subject } } } };
  const spec = { name: subject, organization: org };
  return { principal: { case: "application", value: { id: { subject }, spec } } };
}

function status(row: ActionRow) {
  const start = row.started_at ?? row.created_at;
  const end = row.ended_at;
  return {
    phase: row.phase,
    startTime: timestampFromDate(start),
    ...(end ? { endTime: timestampFromDate(end) } : {}),
    // Clocks of two planes may differ by more than a short action takes.
    ...(end ? { durationMs: BigInt(Math.max(0, end.getTime() - start.getTime())) } : {}),
    // The client asks for the logs of this attempt, so it counts from 1 also before the first.
    attempts: Math.max(1, row.attempt),
    cacheStatus: row.cache_status,
  };
}

function metadata(org: string, row: RunActionRow) {
  return {
    parent: row.parent,
    group: row.action_group,
    executedBy: identityView(org, { subject: row.created_by, kind: row.created_by_kind }),
    actionType: row.action_type,
    environmentName: row.environment,
    funtionName: row.short_name,
    source: row.source,
    spec: metadataSpec(org, row),
    ...triggerOf(org, row),
  };
}

function triggerOf(org: string, row: RunActionRow) {
  const { project, domain, trigger_task: taskName, trigger_name: name, trigger_revision: revision } = row;
  if (name === "") return {};
  return {
    triggerName: name,
    triggerId: { name: { org, project, domain, taskName, name }, revision: BigInt(revision) },
  };
}

function metadataSpec(org: string, row: ActionRow) {
  if (row.action_type === ActionType.TRACE) return { case: "trace" as const, value: { name: row.short_name } };
  if (row.action_type === ActionType.CONDITION) {
    const type = row.detail ? fromBinary(ConditionActionSchema, row.detail).type : undefined;
    return { case: "condition" as const, value: { name: row.short_name, ...(type ? { type } : {}) } };
  }
  const id = {
    ...{ org, project: row.task_project, domain: row.task_domain, name: row.task_name, version: row.task_version },
  };
  return { case: "task" as const, value: { id, taskType: row.task_type, shortName: row.short_name } };
}

function result({ phase, abort_reason, aborted_by, aborted_by_kind, ...row }: ActionDetailRow, data: boolean) {
  if (phase === ActionPhase.ABORTED) {
    const by = aborted_by && aborted_by_kind ? { subject: aborted_by, kind: aborted_by_kind } : undefined;
    const value = { reason: abort_reason, ...(by ? { abortedBy: identityView("", by) } : {}) };
    return { case: "abortInfo" as const, value };
  }
  if (row.answered_by && row.answered_by_kind) {
    const signalledBy = identityView("", { subject: row.answered_by, kind: row.answered_by_kind });
    const output = data && row.answer ? { output: fromBinary(LiteralSchema, row.answer) } : {};
    return { case: "signalInfo" as const, value: { signalledBy, ...output } };
  }
  const error = errorInfo(phase, row);
  return error ? { case: "errorInfo" as const, value: error } : { case: undefined };
}

function spec(row: ActionDetailRow, data: boolean) {
  if (row.spec) return { case: "task" as const, value: fromBinary(TaskSpecSchema, row.spec) };
  if (!row.detail) return { case: undefined };
  if (row.action_type === ActionType.CONDITION) {
    const condition = fromBinary(ConditionActionSchema, row.detail);
    if (!data) Object.assign(condition, { prompt: "", description: "" });
    return { case: "condition" as const, value: condition };
  }
  const trace = fromBinary(TraceActionSchema, row.detail).spec;
  return trace ? { case: "trace" as const, value: trace } : { case: undefined };
}
