/** Requests as the Flyte client makes them. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { EnqueueRequestSchema } from "../../../../gen/flyteidl2/actions/actions_service_pb.js";
import type { TaskSpecSchema } from "../../../../gen/flyteidl2/task/task_definition_pb.js";
import type { CreateRunRequestSchema } from "../../../../gen/flyteidl2/workflow/run_service_pb.js";

type CreateRun = Exclude<MessageInitShape<typeof CreateRunRequestSchema>, { $typeName: string }>;
type Enqueue = Exclude<MessageInitShape<typeof EnqueueRequestSchema>, { $typeName: string }>;

export const runId = (name: string, org = "acme") => ({ org, project: "demo", domain: "development", name });
export const actionId = (run: string, name = "a0", org = "acme") => ({ run: runId(run, org), name });
export const baseOf = (run: string, org = "acme") => `s3://metadata/${org}/demo/development/${run}`;

export const taskSpec = {
  shortName: "hello",
  environment: { name: "env" },
  taskTemplate: {
    id: { org: "acme", project: "demo", domain: "development", name: "env.hello", version: "v1" },
    type: "python",
    metadata: { discoverable: true, discoveryVersion: "1", codeBundleUri: "s3://fast/bundle" },
    target: { case: "container", value: { image: "task", args: ["a0"] } },
  },
} satisfies MessageInitShape<typeof TaskSpecSchema>;

export function createRun(name: string, more: CreateRun = {}): CreateRun {
  const uri = "s3://metadata/acme/demo/development/inputs/0123";
  return {
    id: { case: "runId", value: runId(name) },
    task: { case: "taskSpec", value: taskSpec },
    inputWrapper: { case: "offloadedInputData", value: { uri, inputsHash: `hash of ${name}` } },
    runSpec: { labels: { values: { team: "red" } }, envs: { values: [{ key: "LOG_LEVEL", value: "10" }] } },
    ...more,
  };
}

export function enqueueTask(run: string, name: string, parent = "a0") {
  return {
    action: {
      actionId: actionId(run, name),
      parentActionName: parent,
      inputUri: `${baseOf(run)}/${name}/inputs.pb`,
      runOutputBase: baseOf(run),
      group: "fanout",
      spec: { case: "task" as const, value: { id: taskSpec.taskTemplate.id, spec: taskSpec } },
    },
  } satisfies Enqueue;
}
