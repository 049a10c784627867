/** Names in requests, made into keys: the organisation is compared with the caller's before anything is looked up. */
import type { Identifier as AppIdentifier } from "../../../gen/flyteidl2/app/app_definition_pb.js";
import type {
  ActionIdentifier,
  ProjectIdentifier,
  RunIdentifier,
  TriggerName,
} from "../../../gen/flyteidl2/common/identifier_pb.js";
import type { TaskIdentifier, TaskName } from "../../../gen/flyteidl2/task/task_definition_pb.js";
import { type Caller, requireOwnOrg } from "../../shared/auth/caller.ts";
import { invalid } from "../../shared/errors.ts";
import type { AppKey } from "../store/apps.ts";
import type { ActionKey, ProjectKey, RunKey } from "../store/keys.ts";
import type { TaskKey } from "../store/tasks.ts";
import type { TriggerKey } from "../store/triggers.ts";

export function projectKeyOf(caller: Caller, id: ProjectIdentifier | undefined): ProjectKey {
  if (!id) throw missing("project_id");
  requireOwnOrg(caller, id.organization);
  return place(id.name, id.domain);
}

export function runKeyOf(caller: Caller, id: RunIdentifier | undefined): RunKey {
  if (!id) throw missing("run_id");
  requireOwnOrg(caller, id.org);
  return { ...place(id.project, id.domain), run: runName(id.name) };
}

export function actionKeyOf(caller: Caller, id: ActionIdentifier | undefined, subject = "action_id"): ActionKey {
  if (!id) throw missing(subject);
  return { ...runKeyOf(caller, id.run), action: actionName(`${subject}.name`, id.name) };
}

export function taskKeyOf(caller: Caller, id: TaskIdentifier | undefined): TaskKey {
  const { version, ...name } = { ...taskNameOf(caller, id), version: id?.version ?? "" };
  return { ...name, version: text("task_id.version", version, 63) };
}

export function taskNameOf(caller: Caller, id: TaskName | TaskIdentifier | undefined): Omit<TaskKey, "version"> {
  if (!id) throw missing("task_id");
  requireOwnOrg(caller, id.org);
  return { ...place(id.project, id.domain), name: text("task_id.name", id.name, 255) };
}

export function triggerKeyOf(caller: Caller, id: TriggerName | undefined): TriggerKey {
  if (!id) throw missing("trigger name");
  requireOwnOrg(caller, id.org);
  const task = text("trigger name: task_name", id.taskName, 255);
  return { ...place(id.project, id.domain), task, name: text("trigger name: name", id.name, 255) };
}

/** A Kubernetes Service has its name. */
export function appKeyOf(caller: Caller, id: AppIdentifier | undefined): AppKey {
  if (!id) throw missing("app_id");
  requireOwnOrg(caller, id.org);
  const name = id.name;
  if (/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return { ...place(id.project, id.domain), name };
  const allowed = 'up to 63 of a-z, 0-9 and "-", beginning with a letter and ending with a letter or digit';
  throw invalid({ subject: "app name", value: name.slice(0, 80), allowed });
}

export function projectName(value: string): string {
  return label("project", value);
}

/**
 * Names of Kubernetes resources are made of it: `<run>-<action>`. Action names have no dash, so that no two pairs meet
 * in one name.
 */
export function actionName(subject: string, value: string): string {
  if (/^[a-z0-9]{1,30}$/.test(value)) return value;
  throw invalid({ subject, value, allowed: "1 to 30 of a-z and 0-9" });
}

export function text(subject: string, value: string, limit: number): string {
  if (value.length > 0 && value.length <= limit) return value;
  throw invalid({ subject, value: value.slice(0, 80), allowed: `1 to ${limit} characters` });
}

function runName(value: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?$/.test(value)) return value;
  throw invalid({
    subject: "run name",
    value,
    allowed: '1 to 30 of a-z, 0-9 and "-", beginning and ending with a letter or digit',
  });
}

function place(project: string, domain: string): ProjectKey {
  const key = { project: label("project", project), domain: label("domain", domain) };
  if (project.length + domain.length <= 62) return key;
  // The namespace is called <project>-<domain>.
  throw invalid({ subject: "project and domain", value: `${project}, ${domain}`, allowed: "62 characters together" });
}

function label(subject: string, value: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value)) return value;
  throw invalid({ subject, value, allowed: 'a DNS label: a-z, 0-9 and "-", at most 63' });
}

function missing(subject: string) {
  return invalid({ subject, allowed: "a full identifier" });
}
