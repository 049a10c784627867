/** What a task asks of the outside, checked, and cut to what is kept of it. */
import { create, toBinary } from "@bufbuild/protobuf";
import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { SimpleType } from "../../../gen/flyteidl2/core/types_pb.js";
import {
  ActionType,
  type ConditionAction,
  ConditionActionSchema,
} from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import { invalid } from "../../shared/errors.ts";
import { text } from "../runs/identifiers.ts";
import type { NewAction } from "../store/enqueue.ts";

/** In the order in which the client's bool, int, float and str are told. */
const answerable: readonly SimpleType[] = [SimpleType.BOOLEAN, SimpleType.INTEGER, SimpleType.FLOAT, SimpleType.STRING];
/** As flyteidl2 has them. */
const longestPrompt = 4096;
const longestDescription = 2048;
const longestDays = 3650;
const dayMs = 86_400_000;

/** It waits at once: no compute plane is asked. */
export function planCondition(
  condition: ConditionAction,
  now: Date,
): Omit<NewAction, "key" | "parent" | "group" | "inputUri"> {
  const name = text("condition.name", condition.name, 255);
  const simple = condition.type?.type.case === "simple" ? condition.type.type.value : SimpleType.NONE;
  if (!answerable.includes(simple)) {
    const allowed = "BOOLEAN, INTEGER, FLOAT or STRING";
    throw invalid({ subject: "condition.type", value: SimpleType[simple] ?? simple, allowed });
  }
  if (condition.webhook) {
    const todo = "Let the task itself tell whoever is to answer: the control plane calls nobody.";
    throw invalid({ subject: "condition.webhook", value: "set", allowed: "none", todo });
  }
  const prompt = bounded("condition.prompt", condition.prompt, longestPrompt);
  const description = bounded("condition.description", condition.description, longestDescription);
  const { promptType, timeout } = condition;
  const type = { type: { case: "simple" as const, value: simple } };
  const kept = { name, type, prompt, description, promptType, ...(timeout ? { timeout } : {}) };
  const dueAt = timeout ? dueAfter(timeout, now) : undefined;
  return {
    type: ActionType.CONDITION,
    detail: toBinary(ConditionActionSchema, create(ConditionActionSchema, kept)),
    shortName: name,
    cacheKey: "",
    phase: ActionPhase.PAUSED,
    outputUri: "",
    ...(dueAt ? { dueAt } : {}),
  };
}

/** As flyteidl2 has it, a time that is not above zero is none. */
function dueAfter(timeout: Duration, now: Date): Date | undefined {
  const ms = durationMs(timeout);
  if (ms > longestDays * dayMs) {
    throw invalid({ subject: "condition.timeout", value: `${timeout.seconds} s`, allowed: `${longestDays} days` });
  }
  return ms > 0 ? new Date(now.getTime() + ms) : undefined;
}

function bounded(subject: string, value: string, limit: number): string {
  if (value.length <= limit) return value;
  throw invalid({ subject, value: `${value.length} characters`, allowed: `at most ${limit}` });
}
