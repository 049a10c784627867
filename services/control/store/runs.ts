/** Runs: created with their root action, read, listed. */
import type { Database, Transaction } from "../../shared/postgres.ts";
import { insertAction, type NewAction } from "./enqueue.ts";
import { type Actor, type RunKey, rootAction } from "./keys.ts";
import { type ListPlan, listSql } from "./listing.ts";
import { ensureProject } from "./projects.ts";
import { actionColumns, type RunActionRow, runColumns, sameRun } from "./rows.ts";

export interface NewRun {
  key: RunKey;
  /** flyteidl2.workflow.RunSource */
  source: number;
  labels: Record<string, string>;
  /** Serialised flyteidl2.task.RunSpec. */
  runSpec: Uint8Array;
  outputBase: string;
  startTime: Date;
  overwriteCache: boolean;
  createdBy: Actor;
  /** What started it, or whose settings it was started with; in its own project and domain. */
  trigger?: { task: string; name: string; revision: bigint };
  root: Omit<NewAction, "key" | "parent">;
}

export async function insertRun(database: Database, org: string, run: NewRun): Promise<"created" | "name-taken"> {
  return database.withOrg(org, (transaction) => insertRunIn(transaction, org, run));
}

export async function insertRunIn(
  transaction: Transaction,
  org: string,
  run: NewRun,
): Promise<"created" | "name-taken"> {
  const { project, domain, run: name } = run.key;
  const inserted = await transaction.query(
    `insert into biplane.runs
       (org, project, domain, run, source, labels, run_spec, output_base, start_time, created_by, created_by_kind,
        trigger_task, trigger_name, trigger_revision, overwrite_cache)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
     on conflict do nothing returning 1`,
    [
      ...[org, project, domain, name, run.source, run.labels, run.runSpec, run.outputBase, run.startTime],
      ...[run.createdBy.subject, run.createdBy.kind],
      ...[run.trigger?.task ?? "", run.trigger?.name ?? "", run.trigger?.revision ?? 0n],
      run.overwriteCache,
    ],
  );
  if (inserted.length === 0) return "name-taken";
  await ensureProject(transaction, org, run.key);
  const root = { ...run.root, key: { ...run.key, action: rootAction }, parent: "" };
  await insertAction(transaction, org, root, run.overwriteCache);
  return "created";
}

/** @returns the serialised flyteidl2.task.RunSpec. */
export async function readRunSpec(database: Database, org: string, key: RunKey): Promise<Buffer | undefined> {
  const rows = await database.withOrg(org, (transaction) =>
    transaction.query<{ run_spec: Buffer }>(
      "select run_spec from biplane.runs where org = $1 and project = $2 and domain = $3 and run = $4",
      [org, key.project, key.domain, key.run],
    ),
  );
  return rows[0]?.run_spec;
}

/** Root actions with their runs. The plan's fields are those of `biplane.actions a` and `biplane.runs r`. */
export async function listRuns(database: Database, org: string, plan: ListPlan): Promise<RunActionRow[]> {
  const from = `from biplane.runs r join biplane.actions a on ${sameRun} and a.action = '${rootAction}' where r.org = $1`;
  const { text, values } = listSql({ columns: `${actionColumns}, ${runColumns}`, from, values: [org] }, plan);
  return database.withOrg(org, (transaction) => transaction.query<RunActionRow>(text, values));
}
