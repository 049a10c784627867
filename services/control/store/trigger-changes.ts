/** Changes of triggers: each makes a revision, and none is seen before it is whole. */
import { TriggerRevisionAction as Action } from "../../../gen/flyteidl2/trigger/trigger_definition_pb.js";
import type { Database, Transaction } from "../../shared/postgres.ts";
import { announceDue } from "./due-orgs.ts";
import type { Actor } from "./keys.ts";
import { ensureProject } from "./projects.ts";
import { keyValues, sameTrigger, type TriggerKey, thisTrigger, withRevisions } from "./triggers.ts";

export interface NewTrigger {
  key: TriggerKey;
  active: boolean;
  taskVersion: string;
  description: string;
  /** Serialised flyteidl2.task.RunSpec. */
  runSpec: Uint8Array;
  /** Serialised flyteidl2.task.TriggerAutomationSpec. */
  automation: Uint8Array;
  inputUri: string;
  inputsHash: string;
  /** When it would be due first, were it activated now. */
  firstDue: Date | undefined;
}

const named = "org = $1 and project = $2 and domain = $3 and task_name = $4 and name = $5";

/**
 * A new revision, whether there was one before, was deleted, or was not.
 * @param expected the latest revision that the caller knows of; 0 for whichever it is.
 * @returns the latest revision where it is not the one expected: then nothing was saved.
 */
export async function saveTrigger(
  transaction: Transaction,
  org: string,
  trigger: NewTrigger,
  by: Actor,
  expected = 0n,
): Promise<"saved" | { latest: bigint }> {
  const { key, active, firstDue } = trigger;
  // Its row goes in first: of two that deploy the first revision, one waits for the other.
  await transaction.query(
    `insert into biplane.triggers (org, project, domain, task_name, name, revision, active)
     values ($1, $2, $3, $4, $5, 0, false) on conflict do nothing`,
    keyValues(org, key),
  );
  const before = await lockTrigger(transaction, org, key);
  if (!before) throw new Error("a trigger without its row");
  const latest = BigInt(before.revision);
  if (expected !== 0n && latest !== 0n && expected !== latest) return { latest };
  const revision = latest + 1n;
  await transaction.query(
    `insert into biplane.trigger_revisions
       (org, project, domain, task_name, name, revision, action, active, task_version, description, run_spec, automation,
        input_uri, inputs_hash, deployed_by, deployed_by_kind, updated_by, updated_by_kind)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $15, $16)`,
    [
      ...[...keyValues(org, key), revision, Action.DEPLOY, active, trigger.taskVersion, trigger.description],
      ...[trigger.runSpec, trigger.automation, trigger.inputUri, trigger.inputsHash, by.subject, by.kind],
    ],
  );
  // A time that has come, or is near, is not lost to a new version on the same schedule.
  const kept = before.active && before.automation?.equals(trigger.automation) ? before.due_at : null;
  const due = active ? (kept ?? firstDue ?? null) : null;
  await transaction.query(
    `update biplane.triggers set revision = $6, active = $7, updated_at = now(), deleted_at = null, due_at = $8
     where ${named}`,
    [...keyValues(org, key), revision, active, due],
  );
  await ensureProject(transaction, org, key);
  await announceDue(transaction, "triggers", org, due);
  return "saved";
}

/**
 * All of them or none.
 * @param firstDue by the serialised automation of each that is activated.
 * @returns the first that is not there.
 */
export async function setActive(
  database: Database,
  org: string,
  keys: TriggerKey[],
  active: boolean,
  by: Actor,
  firstDue: (automation: Uint8Array) => Date | undefined,
): Promise<"done" | { missing: TriggerKey }> {
  const change = async (transaction: Transaction, key: TriggerKey, before: Locked) => {
    if (before.active === active) return;
    await revise(transaction, org, key, { action: active ? Action.ACTIVATE : Action.DEACTIVATE, active, by });
    const due = active && before.automation ? (firstDue(before.automation) ?? null) : null;
    await transaction.query(`update biplane.triggers set due_at = $6 where ${named}`, [...keyValues(org, key), due]);
    await announceDue(transaction, "triggers", org, due);
  };
  return each(database, org, keys, change);
}

/** All of them or none. What was deleted is kept, and found by its revisions. @returns the first that is not there. */
export async function deleteTriggers(
  database: Database,
  org: string,
  keys: TriggerKey[],
  by: Actor,
): Promise<"done" | { missing: TriggerKey }> {
  return each(database, org, keys, async (transaction, key) => {
    await revise(transaction, org, key, { action: Action.DELETE, active: false, by });
    await transaction.query(
      `update biplane.triggers set due_at = null, deleted_at = now() where ${named}`,
      keyValues(org, key),
    );
  });
}

interface Locked {
  revision: string;
  active: boolean;
  due_at: Date | null;
  deleted_at: Date | null;
  /** Null before the first revision. */
  automation: Buffer | null;
}

/** A statement of its own for the lock: what follows must look at the revision that is the latest once it is held. */
async function lockTrigger(transaction: Transaction, org: string, key: TriggerKey): Promise<Locked | undefined> {
  await transaction.query(`select 1 from biplane.triggers where ${named} for update`, keyValues(org, key));
  const rows = await transaction.query<Locked>(
    `select t.revision, t.active, t.due_at, t.deleted_at, v.automation from biplane.triggers t
     left join biplane.trigger_revisions v on ${sameTrigger} and v.revision = t.revision where ${thisTrigger}`,
    keyValues(org, key),
  );
  return rows[0];
}

/** Thrown out of the transaction, so that nothing of a change of several stays. */
class Missing extends Error {
  readonly key: TriggerKey;
  constructor(key: TriggerKey) {
    super("a trigger does not exist");
    this.key = key;
  }
}

async function each(
  database: Database,
  org: string,
  keys: TriggerKey[],
  change: (transaction: Transaction, key: TriggerKey, before: Locked) => Promise<void>,
): Promise<"done" | { missing: TriggerKey }> {
  // In one order everywhere, so that two calls cannot each wait for the other; and each once.
  const unique = new Map(keys.map((key) => [[key.project, key.domain, key.task, key.name].join("\0"), key]));
  const sorted = [...unique].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
  try {
    return await database.withOrg<"done">(org, async (transaction) => {
      for (const key of sorted) {
        const before = await lockTrigger(transaction, org, key);
        if (!before || before.deleted_at) throw new Missing(key);
        await change(transaction, key, before);
      }
      return "done";
    });
  } catch (error) {
    if (error instanceof Missing) return { missing: error.key };
    throw error;
  }
}

/** The latest revision once more, but for who changed what. */
async function revise(
  transaction: Transaction,
  org: string,
  key: TriggerKey,
  { action, active, by }: { action: Action; active: boolean; by: Actor },
): Promise<void> {
  const values = keyValues(org, key);
  await transaction.query(
    `insert into biplane.trigger_revisions
       (org, project, domain, task_name, name, revision, action, active, task_version, description, run_spec, automation,
        input_uri, inputs_hash, deployed_by, deployed_by_kind, updated_by, updated_by_kind)
     select v.org, v.project, v.domain, v.task_name, v.name, t.revision + 1, $6, $7, v.task_version, v.description,
       v.run_spec, v.automation, v.input_uri, v.inputs_hash, v.deployed_by, v.deployed_by_kind, $8, $9
     ${withRevisions} and v.revision = t.revision where ${thisTrigger}`,
    [...values, action, active, by.subject, by.kind],
  );
  await transaction.query(
    `update biplane.triggers set revision = revision + 1, active = $6, updated_at = now() where ${named}`,
    [...values, active],
  );
}
