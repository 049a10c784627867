/** AWS Backup: what a plan backs up; the emulator keeps plans and vaults only. */
import { randomUUID } from "node:crypto";
import { fieldsOf, type KeptCall, KeptRefusal, now, type Operation, rest, text } from "./operation.ts";

const kind = "backup/selection";
const base = "/backup/plans/{planId}/selections";
const service = "backup";

export const backupSelections: readonly Operation[] = [
  rest(service, "PUT", base, async (call) => {
    const planId = await requirePlan(call);
    const BackupSelection = fieldsOf(call.input.BackupSelection);
    text(BackupSelection.IamRoleArn, "IamRoleArn");
    const name = text(BackupSelection.SelectionName, "SelectionName");
    const taken = call
      .records(kind)
      .under(planId)
      .some((held) => fieldsOf(held.BackupSelection).SelectionName === name);
    if (taken) throw new KeptRefusal(400, "AlreadyExistsException", `Backup selection ${name} already exists.`);
    const record = {
      BackupPlanId: planId,
      SelectionId: randomUUID(),
      CreationDate: now(),
      CreatorRequestId: call.input.CreatorRequestId,
      BackupSelection,
    };
    call.records(kind).set([planId, record.SelectionId], record);
    const { SelectionId, BackupPlanId, CreationDate } = record;
    return { SelectionId, BackupPlanId, CreationDate };
  }),

  rest(service, "GET", base, async (call) => {
    const held = call.records(kind).under(await requirePlan(call));
    const BackupSelectionsList = held.map(({ BackupSelection, ...record }) => {
      const { SelectionName, IamRoleArn } = fieldsOf(BackupSelection);
      return { ...record, SelectionName, IamRoleArn };
    });
    return { BackupSelectionsList };
  }),

  rest(service, "GET", `${base}/{selectionId}`, async (call) => requireSelection(call).record),

  rest(service, "DELETE", `${base}/{selectionId}`, async (call) => {
    call.records(kind).remove(...requireSelection(call).key);
    return {};
  }),

  rest(service, "DELETE", "/backup/plans/{planId}", async (call) => {
    if (call.records(kind).under(text(call.path.planId, "planId")).length > 0) {
      const message = "Related backup plan selections must be deleted prior to backup plan deletion";
      throw new KeptRefusal(400, "InvalidRequestException", message);
    }
    return { passed: await call.pass() };
  }),
];

async function requirePlan(call: KeptCall): Promise<string> {
  const planId = text(call.path.planId, "planId");
  const plan = await call.pass({ method: "GET", path: `/backup/plans/${encodeURIComponent(planId)}` });
  if (plan.ok) return planId;
  throw missing("Failed reading Backup plan with provided planId");
}

function requireSelection(call: KeptCall) {
  const key: [string, string] = [text(call.path.planId, "planId"), text(call.path.selectionId, "selectionId")];
  const record = call.records(kind).get(...key);
  if (!record) throw missing("Cannot find Backup selection with provided selectionId");
  return { key, record };
}

/** AWS Backup answers 400 where others answer 404. */
function missing(message: string): KeptRefusal {
  return new KeptRefusal(400, "ResourceNotFoundException", message);
}
