/** Deployed tasks: each version once, for good. */
import type { Database } from "../../shared/postgres.ts";
import { insertSpec } from "./enqueue.ts";
import type { Actor, ProjectKey } from "./keys.ts";
import { type ListPlan, listSql } from "./listing.ts";
import { ensureProject } from "./projects.ts";
import { type NewTrigger, saveTrigger } from "./trigger-changes.ts";

export interface TaskKey extends ProjectKey {
  name: string;
  version: string;
}

export interface NewTask {
  key: TaskKey;
  shortName: string;
  environment: string;
  description: string;
  entrypoint: boolean;
  /** Serialised flyteidl2.task.TaskSpec. */
  spec: Uint8Array;
  deployedBy: Actor;
}

export interface TaskRow {
  project: string;
  domain: string;
  name: string;
  version: string;
  short_name: string;
  environment: string;
  description: string;
  deployed_by: string;
  deployed_by_kind: Actor["kind"];
  created_at: Date;
}

const columns = `t.project, t.domain, t.name, t.version, t.short_name, t.environment, t.description,
  t.deployed_by, t.deployed_by_kind, t.created_at`;

/**
 * With the triggers that it is deployed with; a version that is there already leaves them as they are, paused or deleted.
 * @returns "exists" where the version is there with the same spec, "differs" where it has another.
 */
export async function insertTask(
  database: Database,
  org: string,
  task: NewTask,
  triggers: NewTrigger[] = [],
): Promise<"created" | "exists" | "differs"> {
  const { project, domain, name, version } = task.key;
  return database.withOrg(org, async (transaction) => {
    const digest = await insertSpec(transaction, org, task.spec);
    const inserted = await transaction.query(
      `insert into biplane.tasks (org, project, domain, name, version, short_name, environment, description, entrypoint,
         spec_digest, deployed_by, deployed_by_kind)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing returning 1`,
      [
        ...[org, project, domain, name, version, task.shortName, task.environment, task.description, task.entrypoint],
        ...[digest, task.deployedBy.subject, task.deployedBy.kind],
      ],
    );
    if (inserted.length === 1) {
      await ensureProject(transaction, org, task.key);
      for (const trigger of triggers) await saveTrigger(transaction, org, trigger, task.deployedBy);
      return "created";
    }
    const same = await transaction.query(
      `select 1 from biplane.tasks
       where org = $1 and project = $2 and domain = $3 and name = $4 and version = $5 and spec_digest = $6`,
      [org, project, domain, name, version, digest],
    );
    return same.length === 1 ? "exists" : "differs";
  });
}

export async function readTask(
  database: Database,
  org: string,
  key: TaskKey,
): Promise<(TaskRow & { spec: Buffer }) | undefined> {
  const rows = await database.withOrg(org, (transaction) =>
    transaction.query<TaskRow & { spec: Buffer }>(
      `select ${columns}, s.spec from biplane.tasks t
       join biplane.task_specs s on s.org = t.org and s.digest = t.spec_digest
       where t.org = $1 and t.project = $2 and t.domain = $3 and t.name = $4 and t.version = $5`,
      [org, key.project, key.domain, key.name, key.version],
    ),
  );
  return rows[0];
}

/** The plan's fields are those of `biplane.tasks t`. */
export async function listTasks(database: Database, org: string, plan: ListPlan): Promise<TaskRow[]> {
  const { text, values } = listSql({ columns, from: "from biplane.tasks t where t.org = $1", values: [org] }, plan);
  return database.withOrg(org, (transaction) => transaction.query<TaskRow>(text, values));
}

/** Tasks that stand in no table, filtered, sorted and paged as those that do. */
export async function listOwnTasks(
  database: Database,
  org: string,
  tasks: readonly TaskRow[],
  plan: ListPlan,
): Promise<TaskRow[]> {
  const from = `from (select $1::text as org, own.*, false as entrypoint from jsonb_to_recordset($2::jsonb) as own(
      project text, domain text, name text, version text, short_name text, environment text, description text,
      deployed_by text, deployed_by_kind text, created_at timestamptz)) t where t.org = $1`;
  const { text, values } = listSql({ columns, from, values: [org, JSON.stringify(tasks)] }, plan);
  return database.withOrg(org, (transaction) => transaction.query<TaskRow>(text, values));
}
