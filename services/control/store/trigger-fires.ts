/** Triggers that are due, and what came of it. One transaction for each time: it happens once or not at all. */
import type { Database, Transaction } from "../../shared/postgres.ts";
import { insertRunIn, type NewRun } from "./runs.ts";
import {
  keyValues,
  type TriggerDetailRow,
  type TriggerKey,
  thisTrigger,
  triggerDetailColumns,
  withRevisions,
} from "./triggers.ts";

export interface DueTrigger extends TriggerDetailRow {
  due_at: Date;
}

export type Fired = { outcome: "run"; run: NewRun } | { outcome: "denied" | "refused"; reason: string };

export interface Firing {
  /** The time that is fired, for all that were missed since the trigger was due. */
  at: Date;
  next: Date | undefined;
  what: Fired;
}

/** Of one organisation in one round, so that none waits for another's crowd: what is beyond it comes in the next. */
const most = 100;

/** The longest due first. */
export async function dueTriggers(database: Database, org: string, now: Date): Promise<TriggerKey[]> {
  return database.withOrg(org, (transaction) =>
    transaction.query<{ project: string; domain: string; task: string; name: string }>(
      `select project, domain, task_name as task, name from biplane.triggers
       where org = $1 and due_at <= $2 order by due_at limit ${most}`,
      [org, now],
    ),
  );
}

/**
 * Holds the trigger while `decide` decides, so that no other replica fires it and nobody pauses or deletes it in between.
 * @returns undefined where it is not due any more, or another replica is at it.
 */
export async function fire(
  database: Database,
  org: string,
  { key, now }: { key: TriggerKey; now: Date },
  decide: (trigger: DueTrigger) => Promise<Firing>,
): Promise<Firing | undefined> {
  return database.withOrg(org, async (transaction) => {
    const held = await transaction.query(
      `select 1 from biplane.triggers t
       where ${thisTrigger} and t.active and t.deleted_at is null and t.due_at <= $6 for update skip locked`,
      [...keyValues(org, key), now],
    );
    if (held.length === 0) return undefined;
    // A statement of its own: it sees the revision that is the latest now that the lock is held.
    const [trigger] = await transaction.query<DueTrigger>(
      `select ${triggerDetailColumns}, t.due_at ${withRevisions} and v.revision = t.revision where ${thisTrigger}`,
      keyValues(org, key),
    );
    if (!trigger) throw new Error("a trigger without its latest revision");
    const firing = await decide(trigger);
    const first = await keep(transaction, org, key, trigger.revision, firing);
    if (first && firing.what.outcome === "run") {
      const outcome = await insertRunIn(transaction, org, firing.what.run);
      if (outcome === "name-taken") throw new Error("a new run's name is taken");
    }
    await transaction.query(`update biplane.triggers t set due_at = $6, triggered_at = $7 where ${thisTrigger}`, [
      ...keyValues(org, key),
      firing.next ?? null,
      firing.what.outcome === "run" ? now : trigger.triggered_at,
    ]);
    return first ? firing : undefined;
  });
}

/** @returns false where this very time was fired before. */
async function keep(
  transaction: Transaction,
  org: string,
  key: TriggerKey,
  revision: string,
  { at, what }: Firing,
): Promise<boolean> {
  const inserted = await transaction.query(
    `insert into biplane.trigger_fires (org, project, domain, task_name, name, due_at, revision, outcome, run, reason)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing returning 1`,
    [
      ...[...keyValues(org, key), at, revision, what.outcome],
      ...(what.outcome === "run" ? [what.run.key.run, ""] : ["", what.reason.slice(0, 1024)]),
    ],
  );
  return inserted.length === 1;
}
