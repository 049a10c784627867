/** Answers to conditions: of what kind they may be, how long, and who counts as their giver. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { type Literal, LiteralSchema, type Primitive } from "../../../gen/flyteidl2/core/literals_pb.js";
import { SimpleType } from "../../../gen/flyteidl2/core/types_pb.js";
import { ActionType, ConditionActionSchema } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import type { EventPayload } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import type { Caller } from "../../shared/auth/caller.ts";
import { invalid, notFound, precondition } from "../../shared/errors.ts";
import type { Database } from "../../shared/postgres.ts";
import { readRunAction } from "../store/actions.ts";
import { answerCondition } from "../store/conditions.ts";
import type { ActionKey } from "../store/keys.ts";

/** Decisions pass through here, data does not: it belongs into the customer's own store. */
const longestBytes = 1024;
const allowed = "a bool, an int, a float or a string";

type Answer = { kind: SimpleType; value: Primitive["value"] };

/**
 * Whoever answers is the verified caller, whatever a request says of it.
 * @param parent as the request names it; empty where it names none.
 * @throws invalid_argument for an answer of another kind than was asked for; failed_precondition where the action is no
 *   condition, has ended, or has got another answer. The same answer again is no error.
 */
export async function signal(
  database: Database,
  caller: Caller,
  key: ActionKey,
  parent: string,
  answer: Answer,
): Promise<void> {
  const named = `the action ${key.action} of the run ${key.run}`;
  const row = await readRunAction(database, caller.org, key);
  if (!row || (parent !== "" && row.parent !== parent)) throw notFound(parent ? `${named} under ${parent}` : named);
  if (row.action_type !== ActionType.CONDITION || !row.detail) throw precondition(`${named} is no condition`);
  const { type } = fromBinary(ConditionActionSchema, row.detail);
  const asked = type?.type.case === "simple" ? type.type.value : SimpleType.NONE;
  if (asked !== answer.kind) {
    throw invalid({
      subject: "the answer's type",
      value: SimpleType[answer.kind],
      allowed: SimpleType[asked] ?? "none",
    });
  }
  const by = { subject: caller.subject, kind: caller.kind };
  const outcome = await answerCondition(database, caller.org, key, toBinary(LiteralSchema, literalOf(answer)), by);
  if (outcome === "answered" || outcome === "same") return;
  if (outcome === "another") throw precondition(`${named} has been given another answer`);
  if (outcome === "no-condition") throw new Error("a condition without its row");
  throw precondition(`${named} has ended: ${ActionPhase[outcome.ended]}`);
}

/** Of RunService. */
export function answerOfPayload(payload: EventPayload | undefined): Answer {
  switch (payload?.value.case) {
    case "boolValue":
      return { kind: SimpleType.BOOLEAN, value: { case: "boolean", value: payload.value.value } };
    case "intValue":
      return { kind: SimpleType.INTEGER, value: { case: "integer", value: payload.value.value } };
    case "floatValue":
      return { kind: SimpleType.FLOAT, value: { case: "floatValue", value: payload.value.value } };
    case "stringValue":
      return text(payload.value.value);
    default:
      throw invalid({ subject: "payload", allowed });
  }
}

/** Of ActionsService. Nothing of the literal but its primitive is taken over. */
export function answerOfLiteral(literal: Literal | undefined): Answer {
  const scalar = literal?.value.case === "scalar" ? literal.value.value.value : undefined;
  const primitive = scalar?.case === "primitive" ? scalar.value.value : undefined;
  switch (primitive?.case) {
    case "boolean":
      return { kind: SimpleType.BOOLEAN, value: primitive };
    case "integer":
      return { kind: SimpleType.INTEGER, value: primitive };
    case "floatValue":
      return { kind: SimpleType.FLOAT, value: primitive };
    case "stringValue":
      return text(primitive.value);
    default:
      throw invalid({ subject: "value", value: primitive?.case ?? scalar?.case ?? literal?.value.case, allowed });
  }
}

function text(value: string): Answer {
  const bytes = Buffer.byteLength(value);
  if (bytes <= longestBytes) return { kind: SimpleType.STRING, value: { case: "stringValue", value } };
  const todo = "Put what is longer into the customer's own store and answer with its address.";
  throw invalid({ subject: "the answer", value: `${bytes} bytes`, allowed: `at most ${longestBytes}`, todo });
}

function literalOf({ value }: Answer): Literal {
  const primitive = { case: "primitive" as const, value: { value } };
  return create(LiteralSchema, { value: { case: "scalar", value: { value: primitive } } });
}
