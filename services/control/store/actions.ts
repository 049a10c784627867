/** Actions, their attempts and the specs that they run, as they stand. */
import type { Database, Transaction } from "../../shared/postgres.ts";
import { type AnswerColumns, answerColumns, joinAnswer } from "./conditions.ts";
import type { ActionKey, RunKey } from "./keys.ts";
import { type ListPlan, listSql } from "./listing.ts";
import { type ActionRow, type AttemptRow, actionColumns, type RunActionRow, runColumns, sameRun } from "./rows.ts";

export interface ActionDetailRow extends RunActionRow, AnswerColumns {
  /** Serialised flyteidl2.task.TaskSpec. */
  spec: Buffer | null;
}

/** @returns the action and its attempts, from the first. */
export async function readAction(
  database: Database,
  org: string,
  key: ActionKey,
): Promise<{ action: ActionDetailRow; attempts: AttemptRow[] } | undefined> {
  return database.withOrg(org, async (transaction) => {
    // The action first: a report that commits in between then shows in the attempts, never an end that no attempt has.
    const [action] = await transaction.query<ActionDetailRow>(
      `select ${actionColumns}, ${runColumns}, s.spec, ${answerColumns}
       from biplane.actions a ${joinAnswer}
       join biplane.runs r on ${sameRun}
       left join biplane.task_specs s on s.org = a.org and s.digest = a.spec_digest
       where a.org = $1 and a.project = $2 and a.domain = $3 and a.run = $4 and a.action = $5`,
      [org, key.project, key.domain, key.run, key.action],
    );
    const attempts = await transaction.query<AttemptRow>(
      `select attempt, phase, phase_at, reached, cluster, output_uri, error_code, error_message, error_kind
       from biplane.attempts
       where org = $1 and project = $2 and domain = $3 and run = $4 and action = $5 order by attempt`,
      [org, key.project, key.domain, key.run, key.action],
    );
    return action ? { action, attempts } : undefined;
  });
}

export async function readRunAction(
  database: Database,
  org: string,
  key: ActionKey,
): Promise<RunActionRow | undefined> {
  const rows = await database.withOrg(org, (transaction) =>
    transaction.query<RunActionRow>(
      `select ${actionColumns}, ${runColumns} from biplane.actions a join biplane.runs r on ${sameRun}
       where a.org = $1 and a.project = $2 and a.domain = $3 and a.run = $4 and a.action = $5`,
      [org, key.project, key.domain, key.run, key.action],
    ),
  );
  return rows[0];
}

/** The plan's fields are those of `biplane.actions a`. */
export async function listActions(
  database: Database,
  org: string,
  key: RunKey,
  plan: ListPlan,
): Promise<RunActionRow[]> {
  const from = `from biplane.actions a join biplane.runs r on ${sameRun}
    where a.org = $1 and a.project = $2 and a.domain = $3 and a.run = $4`;
  const scope = [org, key.project, key.domain, key.run];
  const { text, values } = listSql({ columns: `${actionColumns}, ${runColumns}`, from, values: scope }, plan);
  return database.withOrg(org, (transaction) => transaction.query<RunActionRow>(text, values));
}

export type ChildRow = ActionRow & Pick<AnswerColumns, "answer">;

export interface Changes {
  actions: ChildRow[];
  /** Give it to the next call. */
  since: string;
}

/**
 * The children of an action that may have changed since the last call; all of them for the first.
 *
 * A change counts by its transaction. Whatever was still open when the last call looked is at or above that call's
 * horizon, so a commit that came late is found by the next: some children come twice, none is missed.
 */
export async function readChangedChildren(
  database: Database,
  org: string,
  parent: ActionKey,
  since: string | undefined,
): Promise<Changes> {
  const rows = await database.withOrg(org, (transaction: Transaction) =>
    transaction.query<ChildRow & { horizon: string }>(
      `select ${actionColumns}, c.answer, pg_snapshot_xmin(pg_current_snapshot())::text as horizon
       from biplane.actions a ${joinAnswer}
       where a.org = $1 and a.project = $2 and a.domain = $3 and a.run = $4 and a.parent = $5
         and a.changed_in >= $6::xid8
       order by a.created_at, a.action`,
      [org, parent.project, parent.domain, parent.run, parent.action, since ?? "0"],
    ),
  );
  return { actions: rows, since: rows[0]?.horizon ?? since ?? "0" };
}
