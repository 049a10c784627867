/** From a deployed trigger to one that can be stored: names, schedule, and where its inputs lie. */
import { clone, create, toBinary } from "@bufbuild/protobuf";
import type { OffloadedInputData } from "../../../gen/flyteidl2/common/run_pb.js";
import {
  type Inputs,
  InputsSchema,
  type TriggerAutomationSpec,
  TriggerAutomationSpecSchema,
} from "../../../gen/flyteidl2/task/common_pb.js";
import { type RunSpec, RunSpecSchema } from "../../../gen/flyteidl2/task/run_pb.js";
import type { Caller } from "../../shared/auth/caller.ts";
import { invalid } from "../../shared/errors.ts";
import type { NewTrigger } from "../store/trigger-changes.ts";
import type { TriggerKey } from "../store/triggers.ts";
import { text } from "./identifiers.ts";
import { inputsOf } from "./new-run.ts";
import { readSchedule } from "./schedule.ts";

/** What a task's trigger and one that is deployed by itself have in common. */
export interface GivenTrigger {
  key: TriggerKey;
  taskVersion: string;
  active: boolean;
  description: string;
  runSpec?: RunSpec | undefined;
  inputWrapper:
    | { case: "inputs"; value: Inputs }
    | { case: "offloadedInputData"; value: OffloadedInputData }
    | { case: undefined; value?: undefined };
  automation?: TriggerAutomationSpec | undefined;
}

/** @param put uploads inputs that came with the trigger. Called last, once nothing else is refused. */
export async function planTrigger(
  caller: Caller,
  given: GivenTrigger,
  now: Date,
  put: (inputs: Inputs) => Promise<OffloadedInputData>,
): Promise<NewTrigger> {
  const { key, active, inputWrapper } = given;
  const automation = given.automation ?? create(TriggerAutomationSpecSchema);
  const schedule = readSchedule(automation);
  const runSpec = given.runSpec ? clone(RunSpecSchema, given.runSpec) : create(RunSpecSchema);
  // Each run has its own.
  delete runSpec.runStartTime;
  if (given.description.length > 1024) {
    throw invalid({ subject: "description", value: given.description.length, allowed: "at most 1024 characters" });
  }
  const planned = {
    key,
    active,
    taskVersion: text("task_version", given.taskVersion, 63),
    description: given.description,
    runSpec: toBinary(RunSpecSchema, runSpec),
    automation: toBinary(TriggerAutomationSpecSchema, automation),
    firstDue: schedule?.first(now),
  };
  const data =
    inputWrapper.case === "offloadedInputData"
      ? inputWrapper.value
      : await put(inputWrapper.value ?? create(InputsSchema));
  const { uri, inputsHash } = inputsOf(caller, key, { case: "offloadedInputData", value: data }).data;
  if (!/^[A-Za-z0-9+/=_-]{0,128}$/.test(inputsHash)) {
    throw invalid({
      subject: "inputs_hash",
      value: inputsHash.slice(0, 200),
      allowed: "a hash in base64 or hexadecimal",
    });
  }
  return { ...planned, inputUri: uri, inputsHash };
}
