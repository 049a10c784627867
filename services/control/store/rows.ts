/** Rows as the tables have them, and the columns that make them. */
import type { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import type { Actor } from "./keys.ts";

export interface ActionRow {
  project: string;
  domain: string;
  run: string;
  action: string;
  parent: string;
  action_type: number;
  action_group: string;
  task_project: string;
  task_domain: string;
  task_name: string;
  task_version: string;
  task_type: string;
  short_name: string;
  environment: string;
  detail: Buffer | null;
  input_uri: string;
  phase: ActionPhase;
  /** An int8, which comes as text. */
  progress: string;
  phase_at: Date;
  attempt: number;
  cluster: string;
  output_uri: string;
  /** flyteidl2.core.CatalogCacheStatus */
  cache_status: number;
  error_code: string;
  error_message: string;
  error_kind: number;
  abort_reason: string;
  aborted_by: string;
  aborted_by_kind: Actor["kind"] | "";
  started_at: Date | null;
  ended_at: Date | null;
  created_at: Date;
  updated_at: Date;
  changed_in: string;
}

interface RunRow {
  project: string;
  domain: string;
  run: string;
  source: number;
  labels: Record<string, string>;
  run_spec: Buffer;
  output_base: string;
  start_time: Date;
  created_by: string;
  created_by_kind: Actor["kind"];
  /** Both empty where no trigger started it. */
  trigger_task: string;
  trigger_name: string;
  /** An int8, which comes as text. */
  trigger_revision: string;
}

/** An action with what its run says of it. */
export type RunActionRow = ActionRow & Omit<RunRow, "run_spec">;

export interface AttemptRow {
  attempt: number;
  phase: ActionPhase;
  phase_at: Date;
  /** At index phase - 1: when it was first reached. */
  reached: (Date | null)[];
  cluster: string;
  output_uri: string;
  error_code: string;
  error_message: string;
  error_kind: number;
}

/** Of `biplane.actions a`. */
export const actionColumns = `a.project, a.domain, a.run, a.action, a.parent, a.action_type, a.action_group,
  a.task_project, a.task_domain, a.task_name, a.task_version, a.task_type, a.short_name, a.environment, a.detail,
  a.input_uri, a.phase, a.progress, a.phase_at, a.attempt, a.cluster, a.output_uri, a.cache_status,
  a.error_code, a.error_message, a.error_kind, a.abort_reason, a.aborted_by, a.aborted_by_kind, a.started_at, a.ended_at, a.created_at, a.updated_at,
  a.changed_in::text as changed_in`;

/** Of `biplane.runs r`, without the run spec, which is large. */
export const runColumns = `r.source, r.labels, r.output_base, r.start_time, r.created_by, r.created_by_kind, r.trigger_task,
  r.trigger_name, r.trigger_revision`;

/** Of `biplane.runs r` and `biplane.actions a`. */
export const sameRun = "r.org = a.org and r.project = a.project and r.domain = a.domain and r.run = a.run";
