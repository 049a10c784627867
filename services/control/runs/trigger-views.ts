/** Triggers and their revisions as clients see them. Pure: from rows to messages. */
import { create, fromBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { TriggerAutomationSpecSchema } from "../../../gen/flyteidl2/task/common_pb.js";
import { RunSpecSchema } from "../../../gen/flyteidl2/task/run_pb.js";
import {
  TriggerDetailsSchema,
  TriggerRevisionSchema,
  TriggerSchema,
} from "../../../gen/flyteidl2/trigger/trigger_definition_pb.js";
import type { RevisionRow, TriggerDetailRow, TriggerRow } from "../store/triggers.ts";
import { identityView } from "./views.ts";

export function triggerView(org: string, row: TriggerRow) {
  const { active } = row;
  return create(TriggerSchema, { ...common(org, row), active, automationSpec: automationOf(row) });
}

export function triggerDetailsView(org: string, row: TriggerDetailRow) {
  const { active, description, task_version: taskVersion, input_uri: uri } = row;
  const runSpec = fromBinary(RunSpecSchema, row.run_spec);
  // Without their hash, which is for the cache alone: whoever starts the trigger with this address gets it.
  const inputWrapper = { case: "offloadedInputData" as const, value: { uri } };
  return create(TriggerDetailsSchema, {
    ...common(org, row),
    spec: { active, description, taskVersion, runSpec, inputWrapper },
    automationSpec: automationOf(row),
    description,
  });
}

export function revisionView(org: string, row: RevisionRow) {
  const createdAt = timestampFromDate(row.updated_at);
  return create(TriggerRevisionSchema, { ...common(org, row), action: row.action, createdAt });
}

function common(org: string, row: TriggerRow) {
  const { project, domain, task_name: taskName, name, revision } = row;
  const { deployed_at: deployedAt, updated_at: updatedAt, triggered_at: triggeredAt, deleted_at: deletedAt } = row;
  return {
    id: { name: { org, project, domain, taskName, name }, revision: BigInt(revision) },
    metadata: {
      deployedBy: identityView(org, { subject: row.deployed_by, kind: row.deployed_by_kind }),
      updatedBy: identityView(org, { subject: row.updated_by, kind: row.updated_by_kind }),
    },
    status: {
      deployedAt: timestampFromDate(deployedAt),
      updatedAt: timestampFromDate(updatedAt),
      ...(triggeredAt ? { triggeredAt: timestampFromDate(triggeredAt) } : {}),
      ...(deletedAt ? { deletedAt: timestampFromDate(deletedAt) } : {}),
    },
  };
}

function automationOf({ automation }: TriggerRow) {
  return fromBinary(TriggerAutomationSpecSchema, automation);
}
