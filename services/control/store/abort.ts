/** Aborts: an action and all below it end at once in the record; the compute plane is told until it has obeyed. */
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import type { Database, Transaction } from "../../shared/postgres.ts";
import { endConditions } from "./conditions.ts";
import { type ActionKey, type Actor, runTopic } from "./keys.ts";
import { announceQueue, announceRun } from "./notify.ts";
import { final, terminalPhases } from "./progress.ts";

/** Actions that have ended already stay as they are, and so aborting twice is the same as once. */
export async function abortAction(
  database: Database,
  org: string,
  key: ActionKey,
  reason: string,
  by: Actor,
): Promise<"aborted" | "not-found"> {
  const topic = runTopic(org, key);
  const work = async (transaction: Transaction) => {
    const exists = await transaction.query(
      "select 1 from biplane.actions where org = $1 and project = $2 and domain = $3 and run = $4 and action = $5",
      [org, key.project, key.domain, key.run, key.action],
    );
    if (exists.length === 0) return "not-found" as const;
    await abortTree(transaction, org, key, { reason, by, self: true });
    return "aborted" as const;
  };
  return database.withOrg(org, work, { exclusive: [topic] });
}

/**
 * Must run under the run's exclusive lock: then no child can appear below an action that this has passed.
 * @param options.self false where the action itself has ended and only what is below it must stop.
 */
export async function abortTree(
  transaction: Transaction,
  org: string,
  key: ActionKey,
  options: { reason: string; by?: Actor; self: boolean },
): Promise<void> {
  const run = [org, key.project, key.domain, key.run];
  const sameRun = "org = $1 and project = $2 and domain = $3 and run = $4";
  const found = await transaction.query<{ action: string }>(
    `with recursive tree (action) as (
       values ($5::text)
       union
       select a.action from biplane.actions a join tree on a.parent = tree.action
       where a.org = $1 and a.project = $2 and a.domain = $3 and a.run = $4
     )
     select action from biplane.actions
     where ${sameRun} and action in (select action from tree) and action <> $6 and phase <> all($7::smallint[])
     order by action for update`,
    [...run, key.action, options.self ? "" : key.action, terminalPhases],
  );
  if (found.length === 0) return;
  const actions = found.map(({ action }) => action);
  await transaction.query(
    `update biplane.actions set phase = $6, progress = $7, phase_at = now(), ended_at = now(), abort_reason = $8,
       aborted_by = $9, aborted_by_kind = $10, updated_at = now(), changed_in = pg_current_xact_id()
     where ${sameRun} and action = any($5)`,
    [
      ...[...run, actions, ActionPhase.ABORTED, final, options.reason],
      ...[options.by?.subject ?? "", options.by?.kind ?? ""],
    ],
  );
  await transaction.query(
    `update biplane.attempts set phase = $6, phase_at = now(), reached[$6] = now()
     where ${sameRun} and action = any($5) and phase <> all($7::smallint[])`,
    [...run, actions, ActionPhase.ABORTED, terminalPhases],
  );
  // Deleted first: what is being leased at this moment is leased when the delete looks again, and is cancelled then.
  await transaction.query(`delete from biplane.queue where ${sameRun} and action = any($5) and worker is null`, [
    ...run,
    actions,
  ]);
  await transaction.query(
    `update biplane.queue set cancel_reason = coalesce(cancel_reason, $6) where ${sameRun} and action = any($5)`,
    [...run, actions, options.reason],
  );
  await endConditions(
    transaction,
    org,
    actions.map((action) => ({ ...key, action, phase: ActionPhase.ABORTED })),
  );
  await announceRun(transaction, runTopic(org, key));
  await announceQueue(transaction, org);
}
