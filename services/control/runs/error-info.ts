/** Why an action or an attempt failed. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { ErrorInfo_Kind, type ErrorInfoSchema } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";

/** The client's exception class hangs on the code, so there is always one. */
export function errorInfo(
  phase: ActionPhase,
  row: { error_code: string; error_message: string; error_kind: number },
): MessageInitShape<typeof ErrorInfoSchema> | undefined {
  if (phase !== ActionPhase.FAILED && phase !== ActionPhase.TIMED_OUT) return undefined;
  if (row.error_code) return { code: row.error_code, message: row.error_message, kind: row.error_kind };
  const code = phase === ActionPhase.TIMED_OUT ? "DEADLINE_EXCEEDED" : "Unknown";
  return { code, message: "the compute plane gave no reason", kind: ErrorInfo_Kind.SYSTEM };
}
