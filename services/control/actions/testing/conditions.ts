/** Conditions as the Flyte client asks for them. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { EnqueueRequestSchema } from "../../../../gen/flyteidl2/actions/actions_service_pb.js";
import { SimpleType } from "../../../../gen/flyteidl2/core/types_pb.js";
import {
  type ConditionActionSchema,
  ConditionPromptType,
} from "../../../../gen/flyteidl2/workflow/run_definition_pb.js";
import { enqueueTask } from "./requests.ts";

type Condition = Exclude<MessageInitShape<typeof ConditionActionSchema>, { $typeName: string }>;
type Enqueue = Exclude<MessageInitShape<typeof EnqueueRequestSchema>, { $typeName: string }>;

export function enqueueCondition(run: string, name: string, more: Condition = {}, parent = "a0"): Enqueue {
  const { action } = enqueueTask(run, name, parent);
  const value = {
    ...{ name: "go", prompt: "Go on?", description: "what it is about" },
    ...{ promptType: ConditionPromptType.TEXT, type: simple(SimpleType.BOOLEAN) },
    ...more,
  };
  return { action: { ...action, spec: { case: "condition", value } } };
}

export const simple = (value: SimpleType) => ({ type: { case: "simple" as const, value } });

/** As ActionsService takes an answer. */
export function literal(value: boolean | bigint | number | string) {
  return {
    value: { case: "scalar" as const, value: { value: { case: "primitive" as const, value: { value: one(value) } } } },
  };
}

function one(value: boolean | bigint | number | string) {
  if (typeof value === "boolean") return { case: "boolean" as const, value };
  if (typeof value === "bigint") return { case: "integer" as const, value };
  return typeof value === "number" ? { case: "floatValue" as const, value } : { case: "stringValue" as const, value };
}
