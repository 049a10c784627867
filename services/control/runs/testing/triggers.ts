/** Tasks and triggers as the Flyte client deploys them. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { TriggerAutomationSpecType } from "../../../../gen/flyteidl2/task/common_pb.js";
import type { TaskTriggerSchema, TaskTriggerSpecSchema } from "../../../../gen/flyteidl2/task/task_definition_pb.js";
import { TaskService } from "../../../../gen/flyteidl2/task/task_service_pb.js";
import type { InProcess } from "../../actions/testing/in-process.ts";
import { taskSpec } from "../../actions/testing/requests.ts";

type TaskTrigger = Exclude<MessageInitShape<typeof TaskTriggerSchema>, { $typeName: string }>;
type TriggerSpec = Exclude<MessageInitShape<typeof TaskTriggerSpecSchema>, { $typeName: string }>;

const demo = { org: "acme", project: "demo", domain: "development" };
export const triggerName = (taskName: string, name: string) => ({ ...demo, taskName, name });
export const taskId = (name: string, version: string, place = demo) => ({ ...place, name, version });
export const taskSpecOf = (name: string, version: string, place = demo) => ({
  ...taskSpec,
  taskTemplate: { ...taskSpec.taskTemplate, id: taskId(name, version, place) },
});

export const inputsIn = ({ org, project, domain } = demo) => ({
  case: "offloadedInputData" as const,
  value: { uri: `s3://metadata/${org}/${project}/${domain}/inputs/0123`, inputsHash: "hash" },
});
export const inputs = inputsIn();

/** @param cron in UTC. */
export function nightly(name: string, spec: TriggerSpec = {}, cron = "0 2 * * *", kickoffTimeInputArg = "") {
  const expression = { case: "cron" as const, value: { expression: cron, timezone: "UTC" } };
  return {
    name,
    spec: { active: true, inputWrapper: inputs, description: "every night", ...spec },
    automationSpec: {
      type: TriggerAutomationSpecType.TYPE_SCHEDULE,
      automation: { case: "schedule" as const, value: { expression, kickoffTimeInputArg } },
    },
  } satisfies TaskTrigger;
}

/** By the caller's claims: see InProcess. */
export async function deployTask(
  served: InProcess,
  name: string,
  version: string,
  triggers: TaskTrigger[],
  place = demo,
  claims: Record<string, unknown> = {},
): Promise<void> {
  const spec = taskSpecOf(name, version, place);
  await served.as(TaskService, claims).deployTask({ taskId: taskId(name, version, place), spec, triggers });
}
