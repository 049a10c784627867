/** Conditions: asked once, answered once, and forgotten with whoever asked. What an answer may be is not decided here. */
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import type { Database, Transaction } from "../../shared/postgres.ts";
import { announceDue } from "./due-orgs.ts";
import { type ActionKey, type Actor, runTopic } from "./keys.ts";
import { announceRun } from "./notify.ts";
import { final, type PhaseError } from "./progress.ts";

/** What is kept of it beside its action. */
export interface AnswerColumns {
  /** Serialised flyteidl2.core.Literal. Null before there is one, and after its parent's end. */
  answer: Buffer | null;
  /** All three null for what is no condition. */
  answered_by: string | null;
  answered_by_kind: Actor["kind"] | "" | null;
  answered_at: Date | null;
}

/** Of `biplane.conditions c`, which `joinAnswer` brings beside `biplane.actions a`. */
export const answerColumns = "c.answer, c.answered_by, c.answered_by_kind, c.answered_at";
export const joinAnswer = "left join biplane.conditions c using (org, project, domain, run, action)";

const thisAction = "org = $1 and project = $2 and domain = $3 and run = $4 and action = $5";
const keyValues = (org: string, { project, domain, run, action }: ActionKey) => [org, project, domain, run, action];

/** In the transaction that makes its action. */
export async function insertCondition(
  transaction: Transaction,
  org: string,
  { key, parent, dueAt }: { key: ActionKey; parent: string; dueAt?: Date | undefined },
): Promise<void> {
  await transaction.query(
    "insert into biplane.conditions (org, project, domain, run, action, parent, due_at) values ($1, $2, $3, $4, $5, $6, $7)",
    [...keyValues(org, key), parent, dueAt ?? null],
  );
  await announceDue(transaction, "conditions", org, dueAt ?? null);
}

/** `same`: it had been given this very answer, so that a caller who lost the first reply may ask again. */
export type Answered = "answered" | "same" | "another" | "no-condition" | { ended: ActionPhase };

/** The first answer counts. Of two at once one waits for the other. */
export async function answerCondition(
  database: Database,
  org: string,
  key: ActionKey,
  answer: Uint8Array,
  by: Actor,
): Promise<Answered> {
  const values = keyValues(org, key);
  return database.withOrg(org, async (transaction) => {
    await transaction.query(`select 1 from biplane.actions where ${thisAction} for update`, values);
    // A statement of its own: it sees what whoever held the lock has done.
    const [row] = await transaction.query<{ answer: Buffer | null; phase: ActionPhase }>(
      `select c.answer, a.phase from biplane.conditions c join biplane.actions a
         using (org, project, domain, run, action) where ${thisAction}`,
      values,
    );
    if (!row) return "no-condition";
    if (row.answer) return row.answer.equals(answer) ? "same" : "another";
    if (row.phase !== ActionPhase.PAUSED) return { ended: row.phase };
    await transaction.query(
      `update biplane.conditions set answer = $6, answered_by = $7, answered_by_kind = $8, answered_at = now(),
         due_at = null where ${thisAction}`,
      [...values, answer, by.subject, by.kind],
    );
    await endAction(transaction, org, key, ActionPhase.SUCCEEDED);
    return "answered";
  });
}

/** In one round at most so many of one organisation, so that none waits for another's crowd. The longest due first. */
export async function dueConditions(database: Database, org: string, now: Date): Promise<ActionKey[]> {
  return database.withOrg(org, (transaction) =>
    transaction.query<ActionKey & { project: string }>(
      `select project, domain, run, action from biplane.conditions
       where org = $1 and due_at <= $2 order by due_at limit 100`,
      [org, now],
    ),
  );
}

/** @returns false where another replica was first, an answer was, or it has ended otherwise: nobody looks at it again. */
export async function timeOutCondition(
  database: Database,
  org: string,
  key: ActionKey,
  error: PhaseError,
): Promise<boolean> {
  const values = keyValues(org, key);
  return database.withOrg(org, async (transaction) => {
    const [held] = await transaction.query<{ phase: ActionPhase }>(
      `select phase from biplane.actions where ${thisAction} for update skip locked`,
      values,
    );
    if (!held) return false;
    await transaction.query(`update biplane.conditions set due_at = null where ${thisAction}`, values);
    if (held.phase !== ActionPhase.PAUSED) return false;
    await endAction(transaction, org, key, ActionPhase.TIMED_OUT, error);
    return true;
  });
}

/**
 * What actions asked ends with them: the answers that they were given are taken out of the record, and what still waits
 * for one is aborted. In the transaction in which they end, after they have.
 */
export async function endConditions(
  transaction: Transaction,
  org: string,
  parents: (ActionKey & { phase: ActionPhase })[],
): Promise<void> {
  if (parents.length === 0) return;
  const keys = parents.map(({ project, domain, run, action: parent, phase }) => {
    return { project, domain, run, parent, reason: `its parent action ${parent} ended: ${ActionPhase[phase]}` };
  });
  const asked = `json_to_recordset($2) as k (project text, domain text, run text, parent text, reason text)
    join biplane.conditions c using (project, domain, run, parent)`;
  const values = [org, JSON.stringify(keys)];
  await transaction.query(
    `update biplane.actions a set phase = $3, progress = $4, phase_at = now(), ended_at = now(), abort_reason = k.reason,
       updated_at = now(), changed_in = pg_current_xact_id()
     from ${asked}
     where c.org = $1 and a.org = $1 and a.project = c.project and a.domain = c.domain and a.run = c.run
       and a.action = c.action and a.phase = $5`,
    [...values, ActionPhase.ABORTED, final, ActionPhase.PAUSED],
  );
  // After the actions: whoever answers locks them in this order.
  await transaction.query(
    `update biplane.conditions c set answer = null, due_at = null
     from json_to_recordset($2) as k (project text, domain text, run text, parent text)
     where c.org = $1 and c.project = k.project and c.domain = k.domain and c.run = k.run and c.parent = k.parent`,
    values,
  );
}

async function endAction(
  transaction: Transaction,
  org: string,
  key: ActionKey,
  phase: ActionPhase,
  error: PhaseError = { code: "", message: "", kind: 0 },
): Promise<void> {
  await transaction.query(
    `update biplane.actions set phase = $6, progress = $7, phase_at = now(), ended_at = now(), error_code = $8,
       error_message = $9, error_kind = $10, updated_at = now(), changed_in = pg_current_xact_id()
     where ${thisAction}`,
    [...[...keyValues(org, key), phase, final], ...[error.code, error.message, error.kind]],
  );
  await announceRun(transaction, runTopic(org, key));
}
