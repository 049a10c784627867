/** What compute planes say of apps: which serve them, and how each stands. */
import { Status_DeploymentStatus as Status } from "../../../gen/flyteidl2/app/app_definition_pb.js";
import type { Database, Transaction } from "../../shared/postgres.ts";
import { addCondition } from "./app-changes.ts";
import { type AppKey, type AppRow, keyValues, readApps, thisApp } from "./apps.ts";
import { announceApps } from "./notify.ts";

export interface AppReport {
  key: AppKey;
  uid: string;
  revision: bigint;
  observedAt: Date;
  /** flyteidl2.app.Status.DeploymentStatus */
  status: number;
  /** flyteidl2.app.Status.Substate */
  substate: number;
  message: string;
  replicas: number;
}

/** From now on the organisation's apps may be on this cluster. */
export async function tellPlane(database: Database, org: string, cluster: string, domain: string): Promise<void> {
  await database.withOrg(org, async (transaction) => {
    const changed = await transaction.query(
      `insert into biplane.app_planes as p (org, cluster, domain) values ($1, $2, $3)
       on conflict (org, cluster) do update set domain = excluded.domain, told_at = now()
       where p.domain <> excluded.domain or p.told_at < now() - interval '1 minute' returning 1`,
      [org, cluster, domain],
    );
    // Addresses change with the domain.
    if (changed.length > 0) await announceApps(transaction, org);
  });
}

export async function appsOfPlane(database: Database, org: string, cluster: string): Promise<AppRow[]> {
  return readApps(database, org, [{ sql: "t.cluster = $?", values: [cluster] }]);
}

/** Each by itself, in one order everywhere. What is late, of another app or of another cluster changes nothing. */
export async function applyAppReports(
  database: Database,
  org: string,
  cluster: string,
  reports: readonly AppReport[],
): Promise<void> {
  const sorted = reports.toSorted((a, b) => (idOf(a.key) < idOf(b.key) ? -1 : 1));
  await database.withOrg(org, async (transaction) => {
    let changed = false;
    for (const report of sorted) if (await apply(transaction, org, cluster, report)) changed = true;
    if (changed) await announceApps(transaction, org);
  });
}

interface Standing {
  status: number;
  substate: number;
  message: string;
  replicas: number;
}

/** @returns whether it says anything new. */
async function apply(transaction: Transaction, org: string, cluster: string, report: AppReport): Promise<boolean> {
  const { key, status, substate, message, replicas } = report;
  const locked = await transaction.query(
    `select 1 from biplane.apps where ${thisApp} and cluster = $5 and uid = $6 and revision = $7
       and coalesce(observed_at <= $8, true) for update`,
    [...keyValues(org, key), cluster, report.uid, report.revision, report.observedAt],
  );
  if (locked.length === 0) return false;
  const [before] = await transaction.query<Standing>(
    `select c.deployment_status as status, c.substate, c.message, t.replicas from biplane.apps t
     join biplane.app_conditions c on c.org = t.org and c.project = t.project and c.domain = t.domain and c.name = t.name
     where t.org = $1 and t.project = $2 and t.domain = $3 and t.name = $4 order by c.ordinal desc limit 1`,
    keyValues(org, key),
  );
  const stands = before?.status === status && before.substate === substate && before.message === message;
  if (stands && before.replicas === replicas) {
    await transaction.query(`update biplane.apps set observed_at = $5 where ${thisApp}`, [
      ...keyValues(org, key),
      report.observedAt,
    ]);
    return false;
  }
  await transaction.query(
    `update biplane.apps set version = version + 1, deployment_status = $5::smallint, replicas = $6, observed_at = $7,
       started_at = case when $5::smallint = ${Status.ACTIVE} and deployment_status <> $5 then now() else started_at end
     where ${thisApp}`,
    [...keyValues(org, key), status, replicas, report.observedAt],
  );
  if (!stands) await addCondition(transaction, org, key, { status, substate, message });
  return true;
}

function idOf({ project, domain, name }: AppKey): string {
  return `${project}/${domain}/${name}`;
}
