/** Triggers and their revisions, as they are read: trigger-changes.ts changes them, trigger-fires.ts fires them. */
import type { Database } from "../../shared/postgres.ts";
import type { Actor, ProjectKey } from "./keys.ts";
import { type ListPlan, listSql } from "./listing.ts";

export interface TriggerKey extends ProjectKey {
  task: string;
  name: string;
}

export interface TriggerRow {
  project: string;
  domain: string;
  task_name: string;
  name: string;
  /** An int8, which comes as text. */
  revision: string;
  active: boolean;
  task_version: string;
  description: string;
  automation: Buffer;
  deployed_by: string;
  deployed_by_kind: Actor["kind"];
  updated_by: string;
  updated_by_kind: Actor["kind"];
  deployed_at: Date;
  updated_at: Date;
  triggered_at: Date | null;
  deleted_at: Date | null;
}

export interface TriggerDetailRow extends TriggerRow {
  run_spec: Buffer;
  input_uri: string;
  inputs_hash: string;
}

export interface RevisionRow extends TriggerRow {
  /** flyteidl2.trigger.TriggerRevisionAction */
  action: number;
}

/** Of `biplane.triggers t` and `biplane.trigger_revisions v`. */
const columns = `t.project, t.domain, t.task_name, t.name, v.revision, v.active, v.task_version, v.description,
  v.automation, v.deployed_by, v.deployed_by_kind, v.updated_by, v.updated_by_kind, t.deployed_at,
  v.created_at as updated_at, t.triggered_at, t.deleted_at`;
export const triggerDetailColumns = `${columns}, v.run_spec, v.input_uri, v.inputs_hash`;
export const sameTrigger = `v.org = t.org and v.project = t.project and v.domain = t.domain and v.task_name = t.task_name
  and v.name = t.name`;
export const withRevisions = `from biplane.triggers t join biplane.trigger_revisions v on ${sameTrigger}`;
export const thisTrigger = "t.org = $1 and t.project = $2 and t.domain = $3 and t.task_name = $4 and t.name = $5";
export const keyValues = (org: string, { project, domain, task, name }: TriggerKey) => [
  org,
  project,
  domain,
  task,
  name,
];

/** @param revision of whichever trigger, a deleted one too. @default the latest of one that is not deleted */
export async function readTrigger(
  database: Database,
  org: string,
  key: TriggerKey,
  revision?: bigint,
): Promise<TriggerDetailRow | undefined> {
  const which = revision === undefined ? "v.revision = t.revision and t.deleted_at is null" : "v.revision = $6";
  const values = [...keyValues(org, key), ...(revision === undefined ? [] : [revision])];
  const rows = await database.withOrg(org, (transaction) =>
    transaction.query<TriggerDetailRow>(
      `select ${triggerDetailColumns} ${withRevisions} where ${thisTrigger} and ${which}`,
      values,
    ),
  );
  return rows[0];
}

/** The plan's fields are those of `biplane.triggers t` and its latest revision `v`. */
export async function listTriggers(database: Database, org: string, plan: ListPlan): Promise<TriggerRow[]> {
  const from = `${withRevisions} and v.revision = t.revision where t.org = $1 and t.deleted_at is null`;
  const { text, values } = listSql({ columns, from, values: [org] }, plan);
  return database.withOrg(org, (transaction) => transaction.query<TriggerRow>(text, values));
}

/** The plan's fields are those of `biplane.trigger_revisions v`. */
export async function listRevisions(
  database: Database,
  org: string,
  key: TriggerKey,
  plan: ListPlan,
): Promise<RevisionRow[]> {
  const from = `${withRevisions} where ${thisTrigger}`;
  const { text, values } = listSql({ columns: `${columns}, v.action`, from, values: keyValues(org, key) }, plan);
  return database.withOrg(org, (transaction) => transaction.query<RevisionRow>(text, values));
}
