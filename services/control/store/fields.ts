/** What clients may filter and sort by, list by list. */
import { Status_DeploymentStatus } from "../../../gen/flyteidl2/app/app_definition_pb.js";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { ProjectState } from "../../../gen/flyteidl2/project/project_service_pb.js";
import { TriggerRevisionAction } from "../../../gen/flyteidl2/trigger/trigger_definition_pb.js";
import { ActionType, RunSource } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import type { Field, ListShape } from "./listing.ts";

const text = (sql: string): Field => ({ sql, kind: "text" });
const time = (sql: string): Field => ({ sql, kind: "time" });
const enumField = (sql: string, type: Record<string, string | number>, prefix: string): Field => {
  const numbers = Object.entries(type).filter((entry): entry is [string, number] => typeof entry[1] === "number");
  const names = numbers.flatMap(([name, number]) => [[name, number] as const, [prefix + name, number] as const]);
  return { sql, kind: "integer", names: Object.fromEntries(names) };
};

const ofTask: Record<string, Field> = {
  phase: enumField("a.phase", ActionPhase, "ACTION_PHASE_"),
  task_name: text("a.task_name"),
  task_version: text("a.task_version"),
  task_type: text("a.task_type"),
  short_name: text("a.short_name"),
  environment: text("a.environment"),
  start_time: time("coalesce(a.started_at, a.created_at)"),
  updated_at: time("a.updated_at"),
};

export const runShape: ListShape = {
  fields: {
    name: text("r.run"),
    ...ofTask,
    created_at: time("r.created_at"),
    created_by: text("r.created_by"),
    source: enumField("r.source", RunSource, "RUN_SOURCE_"),
    trigger_name: text("r.trigger_name"),
    project: text("r.project"),
    domain: text("r.domain"),
  },
  ties: ["r.project", "r.domain", "r.run"],
  labels: "r.labels",
};

export const actionShape: ListShape = {
  fields: {
    name: text("a.action"),
    ...ofTask,
    created_at: time("a.created_at"),
    action_type: enumField("a.action_type", ActionType, "ACTION_TYPE_"),
    parent_name: text("a.parent"),
    parent: text("a.parent"),
    group: text("a.action_group"),
  },
  ties: ["a.action"],
};

export const taskShape: ListShape = {
  fields: {
    name: text("t.name"),
    version: text("t.version"),
    short_name: text("t.short_name"),
    environment: text("t.environment"),
    created_at: time("t.created_at"),
    deployed_at: time("t.created_at"),
    deployed_by: text("t.deployed_by"),
    project: text("t.project"),
    domain: text("t.domain"),
  },
  ties: ["t.project", "t.domain", "t.name", "t.version"],
};

const ofRevision: Record<string, Field> = {
  task_version: text("v.task_version"),
  deployed_by: text("v.deployed_by"),
  updated_by: text("v.updated_by"),
  updated_at: time("v.created_at"),
  active: { sql: "v.active::integer", kind: "integer", names: { true: 1, false: 0 } },
};

export const triggerShape: ListShape = {
  fields: {
    name: text("t.name"),
    task_name: text("t.task_name"),
    project: text("t.project"),
    domain: text("t.domain"),
    created_at: time("t.deployed_at"),
    deployed_at: time("t.deployed_at"),
    ...ofRevision,
  },
  ties: ["t.project", "t.domain", "t.task_name", "t.name"],
};

export const revisionShape: ListShape = {
  fields: {
    revision: { sql: "v.revision", kind: "integer" },
    action: enumField("v.action", TriggerRevisionAction, "TRIGGER_REVISION_ACTION_"),
    created_at: time("v.created_at"),
    ...ofRevision,
  },
  // Ties are text.
  ties: ["lpad(v.revision::text, 19, '0')"],
};

export const appShape: ListShape = {
  fields: {
    name: text("t.name"),
    project: text("t.project"),
    domain: text("t.domain"),
    status_phase: enumField("t.deployment_status", Status_DeploymentStatus, "DEPLOYMENT_STATUS_"),
    created_by: text("t.created_by"),
    created_at: time("t.created_at"),
    updated_at: time("t.updated_at"),
  },
  ties: ["t.project", "t.domain", "t.name"],
};

export const projectShape: ListShape = {
  fields: {
    id: text("p.id"),
    identifier: text("p.id"),
    name: text("p.name"),
    description: text("p.description"),
    state: enumField("p.state", ProjectState, "PROJECT_STATE_"),
    created_at: time("p.created_at"),
  },
  ties: ["p.id"],
};
