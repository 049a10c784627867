/** TriggerService: triggers of deployed tasks, revision by revision. What fires them is in scheduler.ts. */
import { fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { TriggerName } from "../../../gen/flyteidl2/common/identifier_pb.js";
import { TriggerAutomationSpecSchema } from "../../../gen/flyteidl2/task/common_pb.js";
import { TaskSpecSchema } from "../../../gen/flyteidl2/task/task_definition_pb.js";
import type { TriggerService } from "../../../gen/flyteidl2/trigger/trigger_service_pb.js";
import { type Caller, callerOf } from "../../shared/auth/caller.ts";
import { invalid, notFound } from "../../shared/errors.ts";
import type { Database } from "../../shared/postgres.ts";
import { revisionShape, triggerShape } from "../store/fields.ts";
import { pageOf, planList } from "../store/listing.ts";
import { readTask } from "../store/tasks.ts";
import { deleteTriggers, saveTrigger, setActive } from "../store/trigger-changes.ts";
import { listRevisions, listTriggers, readTrigger, type TriggerKey } from "../store/triggers.ts";
import { triggerKeyOf } from "./identifiers.ts";
import { planTrigger } from "./new-trigger.ts";
import { readSchedule } from "./schedule.ts";
import { triggerScope } from "./scopes.ts";
import type { TriggerInputs } from "./trigger-inputs.ts";
import { revisionView, triggerDetailsView, triggerView } from "./trigger-views.ts";

export interface TriggerDeps {
  database: Database;
  inputs: TriggerInputs;
}

/** Of one request, all in one transaction. */
const maxNames = 100;

export function triggerService({ database, inputs }: TriggerDeps): ServiceImpl<typeof TriggerService> {
  return {
    /** A revision of 0 is whichever is the latest, as the client's `Trigger.create` sends it. */
    async deployTrigger({ name, revision, spec, automationSpec }, context) {
      const caller = callerOf(context);
      const key = triggerKeyOf(caller, name);
      if (!spec) throw invalid({ subject: "spec", allowed: "a trigger's" });
      const task = await readTask(database, caller.org, { ...key, name: key.task, version: spec.taskVersion });
      if (!task) throw notFound(`the task ${key.task}, version ${spec.taskVersion}`);
      const given = { ...spec, key, automation: automationSpec };
      const trigger = await planTrigger(caller, given, new Date(), (inline) =>
        inputs.put(caller, key, fromBinary(TaskSpecSchema, task.spec), inline, context.signal),
      );
      const outcome = await database.withOrg(caller.org, (transaction) =>
        saveTrigger(transaction, caller.org, trigger, actorOf(caller), revision),
      );
      if (outcome !== "saved") {
        const { latest } = outcome;
        throw new ConnectError(
          `the trigger ${key.name} is at revision ${latest}, not ${revision}; read it again and deploy on top of that`,
          Code.Aborted,
        );
      }
      return { trigger: triggerDetailsView(caller.org, await latestOf(caller, key)) };
    },
    async getTriggerDetails({ name }, context) {
      const caller = callerOf(context);
      return { trigger: triggerDetailsView(caller.org, await latestOf(caller, triggerKeyOf(caller, name))) };
    },
    async getTriggerRevisionDetails({ id }, context) {
      const caller = callerOf(context);
      const key = triggerKeyOf(caller, id?.name);
      const row = await readTrigger(database, caller.org, key, id?.revision ?? 0n);
      if (!row) throw notFound(`revision ${id?.revision ?? 0n} of ${words(key)}`);
      return { trigger: triggerDetailsView(caller.org, row) };
    },
    async listTriggers({ request, scopeBy }, context) {
      const caller = callerOf(context);
      const plan = planList(request, triggerShape, triggerScope(caller, scopeBy));
      const { rows, token } = pageOf(await listTriggers(database, caller.org, plan), plan);
      return { triggers: rows.map((row) => triggerView(caller.org, row)), token };
    },
    async getTriggerRevisionHistory({ request, name }, context) {
      const caller = callerOf(context);
      const key = triggerKeyOf(caller, name);
      const plan = planList(request, revisionShape);
      const { rows, token } = pageOf(await listRevisions(database, caller.org, key, plan), plan);
      return { triggers: rows.map((row) => revisionView(caller.org, row)), token };
    },
    async updateTriggers({ names, active }, context) {
      const caller = callerOf(context);
      const now = new Date();
      const firstDue = (automation: Uint8Array) =>
        readSchedule(fromBinary(TriggerAutomationSpecSchema, automation))?.first(now);
      const keys = keysOf(caller, names);
      const outcome = await setActive(database, caller.org, keys, active, actorOf(caller), firstDue);
      if (outcome !== "done") throw notFound(words(outcome.missing));
      return {};
    },
    async deleteTriggers({ names }, context) {
      const caller = callerOf(context);
      const outcome = await deleteTriggers(database, caller.org, keysOf(caller, names), actorOf(caller));
      if (outcome !== "done") throw notFound(words(outcome.missing));
      return {};
    },
  };

  async function latestOf(caller: Caller, key: TriggerKey) {
    const row = await readTrigger(database, caller.org, key);
    if (!row) throw notFound(words(key));
    return row;
  }
}

function keysOf(caller: Caller, names: TriggerName[]): TriggerKey[] {
  if (names.length > 0 && names.length <= maxNames) return names.map((name) => triggerKeyOf(caller, name));
  throw invalid({ subject: "names", value: names.length, allowed: `1 to ${maxNames} triggers` });
}

function actorOf({ subject, kind }: Caller) {
  return { subject, kind };
}

function words({ task, name }: TriggerKey): string {
  return `the trigger ${name} of the task ${task}`;
}
