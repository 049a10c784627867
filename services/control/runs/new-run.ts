/** From a CreateRun request to a run that can be stored: names, task, inputs, and what is constant for the run. */
import { createHash, randomBytes } from "node:crypto";
import { clone, create, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import type { OffloadedInputData } from "../../../gen/flyteidl2/common/run_pb.js";
import { TypedInterfaceSchema } from "../../../gen/flyteidl2/core/interface_pb.js";
import { RunSpecSchema } from "../../../gen/flyteidl2/task/run_pb.js";
import { type TaskSpec, TaskSpecSchema } from "../../../gen/flyteidl2/task/task_definition_pb.js";
import { ActionType } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import type { CreateRunRequest } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { type Caller, requireOwnOrg } from "../../shared/auth/caller.ts";
import { invalid } from "../../shared/errors.ts";
import { dateOf } from "../../shared/times.ts";
import type { TaskColumns } from "../store/enqueue.ts";
import type { ProjectKey, RunKey } from "../store/keys.ts";
import type { NewRun } from "../store/runs.ts";
import { projectKeyOf, runKeyOf, text } from "./identifiers.ts";

export function planRun(caller: Caller, request: CreateRunRequest, spec: TaskSpec, now: Date): NewRun {
  const key = nameRun(caller, request);
  const inputs = inputsOf(caller, key, request.inputWrapper);
  const task = taskColumns(caller, spec, key);
  const runSpec = request.runSpec ? clone(RunSpecSchema, request.runSpec) : create(RunSpecSchema);
  runSpec.runStartTime ??= request.runStartTime ?? timestampFromDate(now);
  return {
    key,
    source: request.source,
    labels: runSpec.labels?.values ?? {},
    runSpec: toBinary(RunSpecSchema, runSpec),
    outputBase: `${inputs.scheme}://${inputs.bucket}/${caller.org}/${key.project}/${key.domain}/${key.run}`,
    startTime: dateOf("run_start_time", runSpec.runStartTime),
    overwriteCache: runSpec.overwriteCache || runSpec.cacheConfig?.overwriteCache === true,
    createdBy: { subject: caller.subject, kind: caller.kind },
    root: {
      type: ActionType.TASK,
      group: "",
      task,
      inputUri: inputs.data.uri,
      cacheKey: cacheKey(spec, inputs.data),
      phase: ActionPhase.QUEUED,
      outputUri: "",
    },
  };
}

/** @returns the columns by which actions of a task are found. */
export function taskColumns(caller: Caller, spec: TaskSpec, place: ProjectKey): TaskColumns {
  const template = spec.taskTemplate;
  if (!template) throw invalid({ subject: "task_spec.task_template", allowed: "a task template" });
  requireOwnOrg(caller, template.id?.org);
  const name = text("task_template.id.name", template.id?.name ?? "", 255);
  return {
    project: template.id?.project || place.project,
    domain: template.id?.domain || place.domain,
    name,
    version: template.id?.version ?? "",
    type: template.type,
    shortName: spec.shortName || name,
    environment: spec.environment?.name ?? "",
    spec: toBinary(TaskSpecSchema, spec),
  };
}

function nameRun(caller: Caller, { id }: CreateRunRequest): RunKey {
  if (id.case === "runId") return runKeyOf(caller, id.value);
  if (id.case === "projectId") return { ...projectKeyOf(caller, id.value), run: `r${randomBytes(9).toString("hex")}` };
  throw invalid({ subject: "id", allowed: "run_id or project_id" });
}

/** Inputs lie in the customer's own store, below the caller's organisation, project and domain. */
export function inputsOf(
  caller: Caller,
  { project, domain }: ProjectKey,
  inputWrapper: CreateRunRequest["inputWrapper"],
): { scheme: string; bucket: string; data: OffloadedInputData } {
  if (inputWrapper.case !== "offloadedInputData") {
    throw invalid({
      subject: "inputs",
      value: inputWrapper.case,
      allowed: "offloaded_input_data",
      todo: "Upload them with DataProxyService.UploadInputs: the control plane keeps no data.",
    });
  }
  const { uri } = inputWrapper.value;
  const [, scheme, bucket, path] = /^(s3|gs|abfs):\/\/([a-z0-9][a-z0-9._-]{1,61}[a-z0-9])\/(.+)$/.exec(uri) ?? [];
  const own = `${caller.org}/${project}/${domain}/`;
  const plain = path?.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  if (scheme && bucket && path?.startsWith(own) && plain && uri.length <= 1024) {
    return { scheme, bucket, data: inputWrapper.value };
  }
  throw invalid({
    subject: "offloaded_input_data.uri",
    value: uri.slice(0, 200),
    allowed: `s3://, gs:// or abfs://<metadata bucket>/${own}…`,
  });
}

/** As the Go backend has it. Empty where the task is not cached, or where the inputs' hash is not known. */
function cacheKey({ taskTemplate: template }: TaskSpec, { inputsHash }: OffloadedInputData): string {
  if (!template?.metadata?.discoverable || !inputsHash) return "";
  const typed = template.interface ? toBinary(TypedInterfaceSchema, template.interface) : new Uint8Array();
  const interfaceHash = createHash("sha256").update(typed).digest("base64");
  const parts = [inputsHash, template.id?.name ?? "", interfaceHash, template.metadata.discoveryVersion];
  return createHash("sha256").update(parts.join("")).digest("base64");
}
