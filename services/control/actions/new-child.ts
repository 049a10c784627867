/** From a pod's enqueue request to a child that can be stored. The two services that take them have the same fields. */
import { toBinary } from "@bufbuild/protobuf";
import type { Action } from "../../../gen/flyteidl2/actions/actions_service_pb.js";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { ActionType, type TraceAction, TraceActionSchema } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import type { Caller } from "../../shared/auth/caller.ts";
import { invalid } from "../../shared/errors.ts";
import { dateOf } from "../../shared/times.ts";
import { actionKeyOf, actionName } from "../runs/identifiers.ts";
import { taskColumns } from "../runs/new-run.ts";
import type { NewAction } from "../store/enqueue.ts";
import { rootAction } from "../store/keys.ts";
import { isTerminal } from "../store/progress.ts";
import { dataReference } from "../store/references.ts";
import { planCondition } from "./new-condition.ts";

export type EnqueueFields = Pick<
  Action,
  "actionId" | "parentActionName" | "inputUri" | "runOutputBase" | "group" | "spec"
>;

/** @returns the child, and the base below which it says that the whole run writes. */
export function planChild(caller: Caller, request: EnqueueFields): { action: NewAction; outputBase: string } {
  const key = actionKeyOf(caller, request.actionId);
  if (key.action === rootAction) {
    throw invalid({ subject: "action_id.name", value: rootAction, allowed: "any name but the root action's" });
  }
  const parent = actionName("parent_action_name", request.parentActionName ?? "");
  const outputBase = request.runOutputBase.replace(/\/+$/, "");
  const { inputUri } = request;
  const inside =
    inputUri.startsWith(`${outputBase}/`) && !inputUri.split("/").includes("..") && inputUri.length <= 1024;
  if (!inside) throw invalid({ subject: "input_uri", value: inputUri.slice(0, 200), allowed: `${outputBase}/…` });
  const common = { key, parent, group: (request.group ?? "").slice(0, 256), inputUri };
  return { outputBase, action: { ...common, ...specOf(caller, request, key) } };
}

type Spec = Omit<NewAction, "key" | "parent" | "group" | "inputUri">;

function specOf(caller: Caller, { spec }: EnqueueFields, place: { project: string; domain: string }): Spec {
  switch (spec.case) {
    case "task": {
      const { spec: task, cacheKey, id } = spec.value;
      if (!task) throw invalid({ subject: "task.spec", allowed: "a task spec" });
      const columns = taskColumns(caller, task, place);
      // The client names the version here; the template's own identifier may lack it.
      const version = columns.version || (id?.version ?? "");
      return {
        type: ActionType.TASK,
        task: { ...columns, version },
        cacheKey: (cacheKey ?? "").slice(0, 256),
        phase: ActionPhase.QUEUED,
        outputUri: "",
      };
    }
    case "trace":
      return traceSpec(spec.value);
    case "condition":
      return planCondition(spec.value, new Date());
    default:
      throw invalid({ subject: "spec", value: spec.case, allowed: "task, trace or condition" });
  }
}

/** Traces arrive finished: no pod runs, no cluster is asked. */
function traceSpec(trace: TraceAction): Spec {
  const phase = trace.phase || ActionPhase.SUCCEEDED;
  if (!isTerminal(phase)) {
    throw invalid({ subject: "trace.phase", value: ActionPhase[phase], allowed: "a phase that is an end" });
  }
  const startedAt = trace.startTime ? dateOf("trace.start_time", trace.startTime) : new Date();
  return {
    type: ActionType.TRACE,
    detail: toBinary(TraceActionSchema, trace),
    shortName: trace.name.slice(0, 255),
    cacheKey: "",
    phase,
    outputUri: dataReference("trace.outputs.output_uri", trace.outputs?.outputUri ?? ""),
    startedAt,
    endedAt: trace.endTime ? dateOf("trace.end_time", trace.endTime) : startedAt,
  };
}
