/** The smallest work there is, as messages: for tests that speak to the API without the client. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { TaskSpecSchema } from "../../gen/flyteidl2/task/task_definition_pb.js";
import type { CreateRunRequestSchema } from "../../gen/flyteidl2/workflow/run_service_pb.js";
import { environment } from "./local-run.ts";

const { org, project, domain } = environment;

export const runIdOf = (name: string) => ({ org, project, domain, name });

/** A task of one container, which ends at once. */
export function containerTask(name: string) {
  const container = { image: environment.taskImage, args: ["true"] };
  const id = { org, project, domain, name: `tests.${name}`, version: "v1" };
  return {
    shortName: name,
    taskTemplate: { id, type: "python", target: { case: "container" as const, value: container } },
  };
}

/** A run of it, or of another task, whose inputs are nowhere. */
export function containerRun(
  name: string,
  task: MessageInitShape<typeof TaskSpecSchema> = containerTask("try"),
): MessageInitShape<typeof CreateRunRequestSchema> {
  const uri = `s3://${environment.outputs.customer.metadataBucket}/${org}/${project}/${domain}/${name}/inputs.pb`;
  return {
    id: { case: "runId", value: runIdOf(name) },
    task: { case: "taskSpec", value: task },
    inputWrapper: { case: "offloadedInputData", value: { uri } },
  };
}
