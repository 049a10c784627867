/** TaskService: deployed tasks, each version once. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { TaskSpecSchema, type TaskTrigger } from "../../../gen/flyteidl2/task/task_definition_pb.js";
import type { TaskService } from "../../../gen/flyteidl2/task/task_service_pb.js";
import { callerOf } from "../../shared/auth/caller.ts";
import { alreadyExists, invalid, notFound } from "../../shared/errors.ts";
import { taskShape } from "../store/fields.ts";
import { pageOf, planList } from "../store/listing.ts";
import { insertTask, listTasks, type NewTask, type TaskKey, type TaskRow } from "../store/tasks.ts";
import { isOwnPlace, listPlatformTasks, readKnownTask } from "./build-image-task.ts";
import { projectKeyOf, taskKeyOf, taskNameOf, text } from "./identifiers.ts";
import { taskColumns } from "./new-run.ts";
import { type GivenTrigger, planTrigger } from "./new-trigger.ts";
import { taskScope, versionScope } from "./scopes.ts";
import type { TriggerDeps } from "./trigger-service.ts";
import { identityView } from "./views.ts";

/** Of one task. */
const maxTriggers = 100;

export function taskService({ database, inputs }: TriggerDeps): ServiceImpl<typeof TaskService> {
  return {
    /** `already_exists` is success for the client, which deploys again whatever is there. */
    async deployTask({ taskId, spec, triggers }, context) {
      const caller = callerOf(context);
      const key = taskKeyOf(caller, taskId);
      if (isOwnPlace(key)) {
        const value = `${key.project}/${key.domain}`;
        throw invalid({ subject: "task_id", value, allowed: "any project and domain but the platform's own" });
      }
      const given = spec ?? fromBinary(TaskSpecSchema, new Uint8Array());
      const { shortName, environment } = taskColumns(caller, given, key);
      const now = new Date();
      const planned = givenTriggers(key, triggers).map((trigger) =>
        planTrigger(caller, trigger, now, (inline) => inputs.put(caller, key, given, inline, context.signal)),
      );
      const task: NewTask = {
        key,
        shortName,
        environment,
        description: given.documentation?.shortDescription ?? "",
        entrypoint: given.taskTemplate?.metadata?.isEntrypoint ?? false,
        spec: toBinary(TaskSpecSchema, given),
        deployedBy: { subject: caller.subject, kind: caller.kind },
      };
      const outcome = await insertTask(database, caller.org, task, await Promise.all(planned));
      const named = `the task ${key.name}, version ${key.version},`;
      if (outcome === "differs")
        throw alreadyExists(`${named} is unlike this one, must be deployed under a new version, and`);
      if (outcome === "exists") throw alreadyExists(named);
      return {};
    },
    async getTaskDetails({ taskId }, context) {
      const caller = callerOf(context);
      const key = taskKeyOf(caller, taskId);
      const row = await readKnownTask(database, caller.org, key);
      if (!row) throw notFound(`the task ${key.name}, version ${key.version}`);
      return { details: { ...taskView(caller.org, row), spec: fromBinary(TaskSpecSchema, row.spec) } };
    },
    async listTasks(request, context) {
      const caller = callerOf(context);
      const { scopeBy } = request;
      if (scopeBy.case === "projectId" && isOwnPlace(projectKeyOf(caller, scopeBy.value))) {
        const plan = planList(request.request, taskShape);
        const { rows, token } = pageOf(await listPlatformTasks(database, caller.org, plan), plan);
        return { tasks: rows.map((row) => taskView(caller.org, row)), token };
      }
      const plan = planList(request.request, taskShape, taskScope(caller, request));
      const { rows, token } = pageOf(await listTasks(database, caller.org, plan), plan);
      return { tasks: rows.map((row) => taskView(caller.org, row)), token };
    },
    async listVersions({ request, taskName }, context) {
      const caller = callerOf(context);
      const plan = planList(request, taskShape, versionScope(taskNameOf(caller, taskName)));
      const { rows, token } = pageOf(await listTasks(database, caller.org, plan), plan);
      const versions = rows.map((row) => ({ version: row.version, ...deployment(caller.org, row) }));
      return { versions, token };
    },
  };
}

function givenTriggers(key: TaskKey, triggers: TaskTrigger[]): GivenTrigger[] {
  if (triggers.length > maxTriggers) {
    throw invalid({ subject: "triggers", value: triggers.length, allowed: `at most ${maxTriggers} for a task` });
  }
  return triggers.map(({ name, spec, automationSpec: automation }) => {
    if (!spec) throw invalid({ subject: "triggers: spec", allowed: "a trigger's" });
    const { project, domain, name: task, version: taskVersion } = key;
    return {
      ...spec,
      key: { project, domain, task, name: text("triggers: name", name, 255) },
      taskVersion,
      automation,
    };
  });
}

function taskView(org: string, row: TaskRow) {
  const { project, domain, name, version } = row;
  return {
    taskId: { org, project, domain, name, version },
    metadata: {
      ...deployment(org, row),
      shortName: row.short_name,
      environmentName: row.environment,
      shortDescription: row.description,
    },
  };
}

function deployment(org: string, row: TaskRow) {
  const deployedBy = identityView(org, { subject: row.deployed_by, kind: row.deployed_by_kind });
  return { deployedAt: timestampFromDate(row.created_at), deployedBy };
}
