/** New actions: inserted once, whoever asks how often, and put into the queue if a compute plane has to run them. */
import { createHash } from "node:crypto";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { ActionType } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import { type Database, statement, type Transaction } from "../../shared/postgres.ts";
import { lookUp } from "./cached-results.ts";
import { insertCondition } from "./conditions.ts";
import { type ActionKey, runTopic } from "./keys.ts";
import { queueChannel, runChannel } from "./notify.ts";
import { isTerminal, progressOf } from "./progress.ts";
import { sameRun } from "./rows.ts";

export interface TaskColumns {
  project: string;
  domain: string;
  name: string;
  version: string;
  type: string;
  shortName: string;
  environment: string;
  /** Serialised flyteidl2.task.TaskSpec. */
  spec: Uint8Array;
}

export interface NewAction {
  key: ActionKey;
  /** Empty for the root. */
  parent: string;
  type: ActionType;
  group: string;
  /** For tasks. */
  task?: TaskColumns;
  /** Serialised TraceAction or ConditionAction, for those. */
  detail?: Uint8Array;
  /** The name that people see. @default the task's short name */
  shortName?: string;
  inputUri: string;
  /** Empty: nothing of it comes from the cache or goes there. */
  cacheKey: string;
  phase: ActionPhase;
  outputUri: string;
  /** Traces arrive with both. */
  startedAt?: Date;
  endedAt?: Date;
  /** Of a condition: when it ends without an answer. @default never */
  dueAt?: Date;
}

export type Enqueued = "created" | "exists" | "no-parent" | "parent-ended" | { outputBase: string };

const parentText = `select a.phase, r.output_base, r.overwrite_cache
  from biplane.actions a join biplane.runs r on ${sameRun}
  where a.org = $1 and a.project = $2 and a.domain = $3 and a.run = $4 and a.action = $5`;
const parentSql = statement(parentText);
const heldParentSql = statement(`${parentText} for share of a`);

/**
 * Adds a child to a running parent. The shared lock keeps an abort of the run from passing between the look at the
 * parent and the insertion: either the abort sees the child, or the child sees the abort.
 * @returns the run's output base where it is not the one that the child would write below.
 */
export async function enqueueChild(
  database: Database,
  org: string,
  action: NewAction,
  outputBase: string,
): Promise<Enqueued> {
  const { project, domain, run } = action.key;
  const topic = runTopic(org, action.key);
  // Nobody but its parent's end brings a condition to an end for sure, so that end must see it, or be seen here.
  const parentIs = action.type === ActionType.CONDITION ? heldParentSql : parentSql;
  const work = async (transaction: Transaction): Promise<Enqueued> => {
    const [parent] = await transaction.query<{ phase: ActionPhase; output_base: string; overwrite_cache: boolean }>(
      parentIs,
      [org, project, domain, run, action.parent],
    );
    if (!parent) return "no-parent";
    if (isTerminal(parent.phase)) return "parent-ended";
    if (parent.output_base !== outputBase) return { outputBase: parent.output_base };
    return (await insertAction(transaction, org, action, parent.overwrite_cache, "last")) ? "created" : "exists";
  };
  return database.withOrg(org, work, { shared: [topic] });
}

/** One statement, since each costs a way to the database and back. */
const insertSql = statement(
  `with spec as (
     insert into biplane.task_specs (org, digest, spec) select $1, $16, $26 where $16::bytea is not null
     on conflict do nothing
   ),
   made as (
     insert into biplane.actions
       (org, project, domain, run, action, parent, action_type, action_group, task_project, task_domain, task_name,
        task_version, task_type, short_name, environment, spec_digest, detail, input_uri, cache_key, phase, progress,
        phase_at, output_uri, started_at, ended_at, cache_status)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
        coalesce($22, now()), $23, $24, $22, $25)
     on conflict do nothing returning 1
   ),
   queued as (
     insert into biplane.queue (org, project, domain, run, action, parent, depth)
     select $1, $2, $3, $4, $5, $6, coalesce((
       select depth + 1 from biplane.queue
       where org = $1 and project = $2 and domain = $3 and run = $4 and action = $6
     ), 0)
     from made where $27
     returning 1
   )
   select pg_notify($28, $29), (select pg_notify($30, $1) from queued) from made`,
);

/**
 * One whose result is in the cache has ended with it before it began: no compute plane hears of it. Watchers of the run
 * and those who wait for work are woken when the transaction commits.
 * @param overwriteCache its run wants nothing from the cache
 * @param place "last" where nothing else is asked of the transaction
 * @returns false where the action exists.
 */
export async function insertAction(
  transaction: Transaction,
  org: string,
  action: NewAction,
  overwriteCache: boolean,
  place: "query" | "last" = "query",
): Promise<boolean> {
  const { key, task } = action;
  const cached = await lookUp(transaction, org, key, action.cacheKey, overwriteCache);
  const { phase, outputUri, startedAt, endedAt } =
    cached.outputUri === undefined ? action : endedWith(cached.outputUri);
  const queued = action.type === ActionType.TASK && !isTerminal(phase);
  const digest = task ? digestOf(task.spec) : null;
  const asks = action.type === ActionType.CONDITION;
  const inserted = await transaction[asks ? "query" : place](insertSql, [
    ...[org, key.project, key.domain, key.run, key.action, action.parent, action.type, action.group],
    ...[task?.project ?? "", task?.domain ?? "", task?.name ?? "", task?.version ?? "", task?.type ?? ""],
    ...[action.shortName ?? task?.shortName ?? "", task?.environment ?? "", digest, action.detail ?? null],
    ...[action.inputUri, action.cacheKey, phase, progressOf(phase, 0), endedAt ?? null, outputUri],
    ...[startedAt ?? null, cached.status, task?.spec ?? null, queued],
    ...[runChannel, runTopic(org, key), queueChannel],
  ]);
  if (inserted.length === 0) return false;
  if (asks) await insertCondition(transaction, org, action);
  return true;
}

function endedWith(outputUri: string): Pick<NewAction, "phase" | "outputUri" | "startedAt" | "endedAt"> {
  const now = new Date();
  return { phase: ActionPhase.SUCCEEDED, outputUri, startedAt: now, endedAt: now };
}

/** Specs are shared: a thousand children of one task store one. @returns the digest that names it. */
export async function insertSpec(transaction: Transaction, org: string, spec: Uint8Array): Promise<Buffer> {
  const digest = digestOf(spec);
  await transaction.query(
    "insert into biplane.task_specs (org, digest, spec) values ($1, $2, $3) on conflict do nothing",
    [org, digest, spec],
  );
  return digest;
}

const digestOf = (spec: Uint8Array) => createHash("sha256").update(spec).digest();
