/** Apps as they are read: app-changes.ts changes them, app-reports.ts takes what compute planes tell. */
import type { Database, Transaction } from "../../shared/postgres.ts";
import type { Actor, ProjectKey } from "./keys.ts";
import { type Condition, type ListPlan, listSql } from "./listing.ts";

export interface AppKey extends ProjectKey {
  name: string;
}

/** Why an app stands as it does. */
export interface ConditionRow {
  revision: number;
  /** flyteidl2.app.Status.DeploymentStatus */
  status: number;
  /** flyteidl2.app.Status.Substate */
  substate: number;
  message: string;
  /** Both empty for what the compute plane told. */
  actor: string;
  actor_kind: Actor["kind"] | "";
  /** Milliseconds. */
  at: number;
}

export interface AppRow extends AppKey {
  uid: string;
  host: string;
  cluster: string;
  /** Of the cluster's apps. Null where it has never told one. */
  apps_domain: string | null;
  /** An int8, which comes as text. */
  revision: string;
  version: string;
  spec: Buffer;
  meta: Buffer;
  created_by: string;
  created_by_kind: Actor["kind"];
  created_at: Date;
  updated_at: Date;
  started_at: Date | null;
  replicas: number;
  /** The latest last. */
  conditions: ConditionRow[];
}

export const thisApp = "org = $1 and project = $2 and domain = $3 and name = $4";
export const keyValues = (org: string, { project, domain, name }: AppKey) => [org, project, domain, name];

/** Of `biplane.apps t`. */
const columns = `t.project, t.domain, t.name, t.uid, t.host, t.cluster, t.revision, t.version, t.spec, t.meta,
  t.created_by, t.created_by_kind, t.created_at, t.updated_at, t.started_at, t.replicas,
  (select p.domain from biplane.app_planes p where p.org = t.org and p.cluster = t.cluster) as apps_domain,
  (select jsonb_agg(jsonb_build_object('revision', c.revision, 'status', c.deployment_status, 'substate', c.substate,
     'message', c.message, 'actor', c.actor, 'actor_kind', c.actor_kind,
     'at', (extract(epoch from c.at) * 1000)::bigint) order by c.ordinal)
   from biplane.app_conditions c
   where c.org = t.org and c.project = t.project and c.domain = t.domain and c.name = t.name) as conditions`;

/** The plan's fields are those of `biplane.apps t`. */
export async function listApps(database: Database, org: string, plan: ListPlan): Promise<AppRow[]> {
  const { text, values } = listSql({ columns, from: "from biplane.apps t where t.org = $1", values: [org] }, plan);
  return database.withOrg(org, (transaction) => transaction.query<AppRow>(text, values));
}

/** @param where of a plan without a page. */
export async function countApps(database: Database, org: string, where: readonly Condition[]): Promise<bigint> {
  const { text, values } = conditionSql([org], where);
  const rows = await database.withOrg(org, (transaction) =>
    transaction.query<{ count: string }>(`select count(*) from biplane.apps t where t.org = $1${text}`, values),
  );
  return BigInt(rows[0]?.count ?? 0);
}

/** All that these conditions leave, in the order of their keys. */
export async function readApps(database: Database, org: string, where: readonly Condition[]): Promise<AppRow[]> {
  const { text, values } = conditionSql([org], where);
  return database.withOrg(org, (transaction) =>
    transaction.query<AppRow>(
      `select ${columns} from biplane.apps t where t.org = $1${text} order by t.project, t.domain, t.name`,
      values,
    ),
  );
}

export async function readApp(database: Database, org: string, key: AppKey): Promise<AppRow | undefined> {
  return database.withOrg(org, (transaction) => readAppIn(transaction, org, key));
}

export async function readAppIn(transaction: Transaction, org: string, key: AppKey): Promise<AppRow | undefined> {
  const [row] = await transaction.query<AppRow>(
    `select ${columns} from biplane.apps t where t.org = $1 and t.project = $2 and t.domain = $3 and t.name = $4`,
    keyValues(org, key),
  );
  return row;
}

function conditionSql(first: unknown[], where: readonly Condition[]): { text: string; values: unknown[] } {
  const values = [...first];
  const parts = where.map(({ sql, values: more }) => {
    const rest = [...more];
    return ` and (${sql.replace(/\$\?/g, () => `$${values.push(rest.shift())}`)})`;
  });
  return { text: parts.join(""), values };
}
