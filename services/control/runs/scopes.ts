/** The part of an organisation that a list is asked for, as conditions of its query. */
import type { ListRequest as ListAppsRequest } from "../../../gen/flyteidl2/app/app_payload_pb.js";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import type { ListTasksRequest } from "../../../gen/flyteidl2/task/task_service_pb.js";
import type { ListTriggersRequest } from "../../../gen/flyteidl2/trigger/trigger_service_pb.js";
import type { ListRunsRequest } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { type Caller, requireOwnOrg } from "../../shared/auth/caller.ts";
import { type Permission, placesOf } from "../../shared/auth/permissions.ts";
import { invalid } from "../../shared/errors.ts";
import type { ProjectKey } from "../store/keys.ts";
import type { Condition } from "../store/listing.ts";
import type { TaskKey } from "../store/tasks.ts";
import type { TriggerKey } from "../store/triggers.ts";
import { projectKeyOf, taskKeyOf, taskNameOf, triggerKeyOf } from "./identifiers.ts";

/** Of `biplane.runs r` and its root action `a`. */
export function runScope(caller: Caller, scope: ListRunsRequest["scopeBy"], pausedOnly: boolean): Condition[] {
  const paused = `exists (select 1 from biplane.actions p where p.org = r.org and p.project = r.project
    and p.domain = r.domain and p.run = r.run and p.phase = ${ActionPhase.PAUSED})`;
  return [
    ...(pausedOnly ? [{ sql: paused, values: [] }] : []),
    ...allowed("r", caller, "view_flyte_executions", "view_run_metadata"),
    ...runsOf(caller, scope),
  ];
}

function runsOf(caller: Caller, scope: ListRunsRequest["scopeBy"]): Condition[] {
  switch (scope.case) {
    case "projectId":
      return within("r", projectKeyOf(caller, scope.value));
    case "taskId":
      return ofTask(taskKeyOf(caller, scope.value));
    case "taskName":
      return ofTask(taskNameOf(caller, scope.value));
    case "triggerName":
      return ofTrigger(triggerKeyOf(caller, scope.value));
    default:
      requireOwnOrg(caller, scope.value);
      return [];
  }
}

/** Of `biplane.tasks t`. */
export function taskScope(caller: Caller, { scopeBy, knownFilters }: ListTasksRequest): Condition[] {
  const known = knownFilters.map(({ filterBy }): Condition => {
    if (filterBy.case === "isEntrypoint") return { sql: "t.entrypoint = $?", values: [filterBy.value] };
    if (filterBy.case === "deployedBy") return { sql: "t.deployed_by = $?", values: [filterBy.value] };
    throw invalid({ subject: "known_filters", allowed: "is_entrypoint or deployed_by" });
  });
  const visible = [...allowed("t", caller, "view_flyte_inventory"), ...known];
  if (scopeBy.case === "projectId") return [...within("t", projectKeyOf(caller, scopeBy.value)), ...visible];
  requireOwnOrg(caller, scopeBy.value);
  return visible;
}

/** Of `biplane.tasks t`. */
export function versionScope({ project, domain, name }: Omit<TaskKey, "version">): Condition[] {
  return [...within("t", { project, domain }), { sql: "t.name = $?", values: [name] }];
}

/** Of `biplane.triggers t` and its latest revision `v`. */
export function triggerScope(caller: Caller, scope: ListTriggersRequest["scopeBy"]): Condition[] {
  const visible = allowed("t", caller, "view_flyte_inventory");
  const ofTask = ({ project, domain, name }: Omit<TaskKey, "version">): Condition[] => [
    ...within("t", { project, domain }),
    { sql: "t.task_name = $?", values: [name] },
  ];
  switch (scope.case) {
    case "projectId":
      return [...visible, ...within("t", projectKeyOf(caller, scope.value))];
    case "taskName":
      return [...visible, ...ofTask(taskNameOf(caller, scope.value))];
    case "taskId": {
      const key = taskKeyOf(caller, scope.value);
      return [...visible, ...ofTask(key), { sql: "v.task_version = $?", values: [key.version] }];
    }
    default:
      requireOwnOrg(caller, scope.value);
      return visible;
  }
}

/** Of `biplane.apps t`. */
export function appScope(caller: Caller, scope: ListAppsRequest["filterBy"]): Condition[] {
  const visible = allowed("t", caller, "view_flyte_inventory");
  switch (scope.case) {
    case "project":
      return [...visible, ...within("t", projectKeyOf(caller, scope.value))];
    case "clusterId":
      requireOwnOrg(caller, scope.value.organization);
      return [...visible, { sql: "t.cluster = $?", values: [scope.value.name] }];
    case "artifact":
      throw invalid({ subject: "filter_by", value: "artifact", allowed: "org, project or cluster_id" });
    default:
      requireOwnOrg(caller, scope.value);
      return visible;
  }
}

/** Of `biplane.projects p`: a project is seen by who sees one of its domains. */
export function projectScope(caller: Caller): Condition[] {
  const places = placesOf(caller.grants, "view_flyte_inventory");
  if (places === "all") return [];
  const parts = places.map(({ project, domain }) =>
    project === "" ? { sql: "$? = any(p.domains)", values: [domain] } : { sql: "p.id = $?", values: [project] },
  );
  return [anyOf(parts)];
}

/** Nothing from where the caller may not look, whatever else is asked. */
function allowed(table: "r" | "t", { grants }: Caller, ...any: Permission[]): Condition[] {
  const places = placesOf(grants, ...any);
  if (places === "all") return [];
  const parts = places.map((place) =>
    place.project === "" ? { sql: `${table}.domain = $?`, values: [place.domain] } : inPlace(table, place),
  );
  return [anyOf(parts)];
}

function anyOf(parts: Condition[]): Condition {
  if (parts.length === 0) return { sql: "false", values: [] };
  return { sql: parts.map(({ sql }) => `(${sql})`).join(" or "), values: parts.flatMap(({ values }) => values) };
}

function within(table: string, key: ProjectKey): Condition[] {
  return [inPlace(table, key)];
}

function inPlace(table: string, { project, domain }: ProjectKey): Condition {
  return { sql: `${table}.project = $? and ${table}.domain = $?`, values: [project, domain] };
}

function ofTrigger({ project, domain, task, name }: TriggerKey): Condition[] {
  return [
    ...within("r", { project, domain }),
    { sql: "r.trigger_task = $? and r.trigger_name = $?", values: [task, name] },
  ];
}

function ofTask({ project, domain, name, version }: Omit<TaskKey, "version"> & { version?: string }): Condition[] {
  const sql = "a.task_project = $? and a.task_domain = $? and a.task_name = $?";
  const named = { sql, values: [project, domain, name] };
  return version === undefined ? [named] : [named, { sql: "a.task_version = $?", values: [version] }];
}
