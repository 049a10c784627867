/** A run that a trigger starts, or that somebody starts as one: what the request leaves open is the trigger's. */
import { createHash } from "node:crypto";
import { clone, create, fromBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type OffloadedInputData, OffloadedInputDataSchema } from "../../../gen/flyteidl2/common/run_pb.js";
import { type TriggerAutomationSpec, TriggerAutomationSpecSchema } from "../../../gen/flyteidl2/task/common_pb.js";
import { RunSpecSchema } from "../../../gen/flyteidl2/task/run_pb.js";
import type { TaskSpec } from "../../../gen/flyteidl2/task/task_definition_pb.js";
import { RunSource } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import { type CreateRunRequest, CreateRunRequestSchema } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import type { Caller } from "../../shared/auth/caller.ts";
import { invalid } from "../../shared/errors.ts";
import { dateOf } from "../../shared/times.ts";
import type { RunKey } from "../store/keys.ts";
import type { NewRun } from "../store/runs.ts";
import type { TriggerDetailRow } from "../store/triggers.ts";
import { planRun } from "./new-run.ts";

/** What the schedule asks for at that time, as if its author had sent it. */
export function scheduledRequest(org: string, trigger: TriggerDetailRow, { run: name }: RunKey, at: Date) {
  const { project, domain, task_name: taskName, name: triggerName } = trigger;
  return create(CreateRunRequestSchema, {
    id: { case: "runId", value: { org, project, domain, name } },
    task: { case: "triggerName", value: { org, project, domain, taskName, name: triggerName } },
    runStartTime: timestampFromDate(at),
    source: RunSource.SCHEDULE_TRIGGER,
  });
}

/** @param spec of the task's version that the trigger names. */
export function planTriggeredRun(
  caller: Caller,
  request: CreateRunRequest,
  trigger: TriggerDetailRow,
  spec: TaskSpec,
  now: Date,
): NewRun {
  const { project, domain } = trigger;
  const run = planRun(caller, asTriggered(request, trigger, now), spec, now);
  if (run.key.project !== project || run.key.domain !== domain) {
    throw invalid({
      subject: "project and domain",
      value: `${run.key.project}, ${run.key.domain}`,
      allowed: `those of the trigger: ${project}, ${domain}`,
    });
  }
  const { task_name: task, name, revision } = trigger;
  return { ...run, trigger: { task, name, revision: BigInt(revision) } };
}

function asTriggered(request: CreateRunRequest, trigger: TriggerDetailRow, now: Date): CreateRunRequest {
  const full = clone(CreateRunRequestSchema, request);
  full.runSpec ??= fromBinary(RunSpecSchema, trigger.run_spec);
  full.runSpec.runStartTime ??= request.runStartTime ?? timestampFromDate(now);
  if (full.inputWrapper.case === undefined) {
    const value = create(OffloadedInputDataSchema, { uri: trigger.input_uri });
    full.inputWrapper = { case: "offloadedInputData", value };
  }
  if (full.inputWrapper.case === "offloadedInputData" && full.inputWrapper.value.uri === trigger.input_uri) {
    // Clients are not told the hash, so it is not in what they send back.
    full.inputWrapper.value.inputsHash ||= trigger.inputs_hash;
  }
  if (full.inputWrapper.case === "offloadedInputData" && timeInput(trigger)) {
    const { value } = full.inputWrapper;
    value.inputsHash = hashWithTime(value, dateOf("run_start_time", full.runSpec.runStartTime));
  }
  return full;
}

/** The input that the client in the pod fills from the run's start time: the stored inputs do not hold it. */
function timeInput({ automation }: TriggerDetailRow): string {
  const spec: TriggerAutomationSpec = fromBinary(TriggerAutomationSpecSchema, automation);
  return spec.automation.case === "schedule" ? spec.automation.value.kickoffTimeInputArg : "";
}

/** Two runs at different times have different inputs, and neither may take the other's outputs from the cache. */
function hashWithTime({ inputsHash }: OffloadedInputData, at: Date): string {
  if (inputsHash === "") return "";
  return createHash("sha256").update(`${inputsHash} ${at.toISOString()}`).digest("base64");
}
