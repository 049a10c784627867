/**
 * AWS Backup: a plan's document, and tags. The emulator cannot change a plan, keeps the name of a deleted one for ever,
 * and finds tags only under a path that ends in a slash.
 */
import { randomUUID } from "node:crypto";
import { fieldsOf, type KeptCall, now, type Operation, type Passed, rest, text } from "./operation.ts";
import type { Json } from "./store.ts";

const kind = "backup/plan";
const service = "backup";
const one = "/backup/plans/{planId}";

export const backupPlans: readonly Operation[] = [
  // In AWS names may meet: the emulator gets one of its own, and the document as it was given is kept here.
  rest(service, "PUT", "/backup/plans", async (call) => {
    const BackupPlan = fieldsOf(call.input.BackupPlan);
    const made = await call.pass({
      input: { ...call.input, BackupPlan: { ...BackupPlan, BackupPlanName: randomUUID() } },
    });
    if (!made.ok) return { passed: made };
    call.records(kind).set([text(answered(made).BackupPlanId, "BackupPlanId")], { BackupPlan });
    return { passed: made };
  }),

  rest(service, "POST", one, async (call) => {
    const planId = text(call.path.planId, "planId");
    const held = await look(call, planId);
    if (!held.ok) return { passed: held };
    call.records(kind).set([planId], { BackupPlan: fieldsOf(call.input.BackupPlan) });
    const { BackupPlanId, BackupPlanArn, CreationDate } = answered(held);
    return { BackupPlanId, BackupPlanArn, CreationDate, LastExecutionDate: now(), VersionId: randomUUID() };
  }),

  rest(service, "GET", one, async (call) => {
    const planId = text(call.path.planId, "planId");
    const held = await look(call, planId);
    const kept = call.records(kind).get(planId);
    return held.ok && kept ? { ...answered(held), ...kept } : { passed: held };
  }),

  rest(service, "GET", "/tags/{arn}", async (call) => {
    const path = `/tags/${encodeURIComponent(text(call.path.arn, "ResourceArn"))}/`;
    return { passed: await call.pass({ method: "GET", path }) };
  }),
];

function look(call: KeptCall, planId: string) {
  return call.pass({ method: "GET", path: `/backup/plans/${encodeURIComponent(planId)}` });
}

/** The emulator's Backup answers in JSON and calls it HTML. */
function answered({ body }: Passed) {
  return fieldsOf(JSON.parse(body.toString()) as Json);
}
