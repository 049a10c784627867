/**
 * The task `build-image` that the client asks for when images are built remotely. It is the platform's own: in every
 * organisation, deployed by nobody, and run in the caller's project by what the compute plane has for it.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { buildTask } from "../../../components/image-builder/contract.ts";
import { SimpleType } from "../../../gen/flyteidl2/core/types_pb.js";
import { TaskSpecSchema } from "../../../gen/flyteidl2/task/task_definition_pb.js";
import type { Database } from "../../shared/postgres.ts";
import type { ProjectKey } from "../store/keys.ts";
import type { ListPlan } from "../store/listing.ts";
import { listOwnTasks, readTask, type TaskKey, type TaskRow } from "../store/tasks.ts";

const version = "1";
const deployedBy = "platform";

const row: TaskRow = {
  ...buildTask,
  version,
  short_name: buildTask.name,
  environment: "",
  description: "Builds an image in the compute plane",
  deployed_by: deployedBy,
  deployed_by_kind: "application",
  // Of no meaning: it is there from the beginning.
  created_at: new Date("2026-01-01T00:00:00Z"),
};

/** Whether a place holds the platform's own tasks, and nobody else's. */
export function isOwnPlace({ project, domain }: ProjectKey): boolean {
  return project === buildTask.project && domain === buildTask.domain;
}

/** Of the organisation's tasks, and of the platform's own. */
export async function readKnownTask(
  database: Database,
  org: string,
  key: TaskKey,
): Promise<(TaskRow & { spec: Uint8Array }) | undefined> {
  if (!isOwnPlace(key)) return readTask(database, org, key);
  return key.name === row.name && key.version === version ? { ...row, spec: specOf(org) } : undefined;
}

export function listPlatformTasks(database: Database, org: string, plan: ListPlan): Promise<TaskRow[]> {
  return listOwnTasks(database, org, [row], plan);
}

function specOf(org: string): Uint8Array {
  const text = { type: { case: "simple" as const, value: SimpleType.STRING } };
  const variables = (...names: string[]) => ({ variables: names.map((key) => ({ key, value: { type: text } })) });
  const spec = create(TaskSpecSchema, {
    shortName: row.short_name,
    taskTemplate: {
      id: { org, project: row.project, domain: row.domain, name: row.name, version },
      type: "build-image",
      interface: { inputs: variables("spec", "context", "target_image"), outputs: variables("o0") },
      metadata: { discoverable: false },
      // What runs is the compute plane's choice; a task without a container is none to clients.
      target: { case: "container", value: { image: "build-image" } },
    },
  });
  return toBinary(TaskSpecSchema, spec);
}
