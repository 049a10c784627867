/** What a trigger's time brings: a run in its author's name, if its author may start it at that moment, or a reason. */
import { randomBytes } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { TriggerAutomationSpecSchema } from "../../../gen/flyteidl2/task/common_pb.js";
import { TaskSpecSchema } from "../../../gen/flyteidl2/task/task_definition_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { UserError } from "../../../shared/errors.ts";
import { admitInTheNameOf, type Call } from "../../shared/auth/admit.ts";
import { precondition } from "../../shared/errors.ts";
import type { Database } from "../../shared/postgres.ts";
import { readTask } from "../store/tasks.ts";
import type { DueTrigger, Fired, Firing } from "../store/trigger-fires.ts";
import { readSchedule } from "./schedule.ts";
import { planTriggeredRun, scheduledRequest } from "./triggered-run.ts";

export interface FireDeps extends Pick<Call, "authorize" | "audit"> {
  database: Database;
}

export async function decideFiring(deps: FireDeps, org: string, trigger: DueTrigger, now: Date): Promise<Firing> {
  const schedule = readSchedule(fromBinary(TriggerAutomationSpecSchema, trigger.automation));
  if (!schedule) throw new Error("a trigger without a schedule is due");
  const { fire: at, next } = schedule.at(trigger.due_at, now);
  return { at, next, what: await attempt(deps, org, trigger, at) };
}

/** The same decision as for a call: by the rule of CreateRun, on the same request, recorded under the author's name. */
async function attempt(deps: FireDeps, org: string, trigger: DueTrigger, at: Date): Promise<Fired> {
  const { project, domain, task_name: task, task_version: version } = trigger;
  const run = { project, domain, run: `t${randomBytes(9).toString("hex")}` };
  const request = scheduledRequest(org, trigger, run, at);
  const author = { org, subject: trigger.deployed_by, kind: trigger.deployed_by_kind };
  const asked = { method: RunService.method.createRun, message: request, requestId: `trigger:${at.toISOString()}` };
  try {
    const caller = await admitInTheNameOf(deps, author, asked);
    const row = await readTask(deps.database, org, { project, domain, name: task, version });
    if (!row) throw precondition(`the task ${task}, version ${version}, does not exist`);
    return {
      outcome: "run",
      run: planTriggeredRun(caller, request, trigger, fromBinary(TaskSpecSchema, row.spec), at),
    };
  } catch (error) {
    return { outcome: outcomeOf(error), reason: error instanceof ConnectError ? error.rawMessage : String(error) };
  }
}

/** @throws what may pass, so that the same time is tried again, and what is a bug. */
function outcomeOf(error: unknown): "denied" | "refused" {
  if (error instanceof UserError) return "refused";
  if (!(error instanceof ConnectError)) throw error;
  if (error.code === Code.PermissionDenied) return "denied";
  if (error.code === Code.InvalidArgument || error.code === Code.FailedPrecondition) return "refused";
  throw error;
}
