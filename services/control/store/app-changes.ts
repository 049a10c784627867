/** Apps made, changed and removed: each change is a revision, with a condition that says who made it. */
import { randomUUID } from "node:crypto";
import { Status_DeploymentStatus as Status } from "../../../gen/flyteidl2/app/app_definition_pb.js";
import type { Database, Transaction } from "../../shared/postgres.ts";
import { type AppKey, type AppRow, keyValues, readAppIn, thisApp } from "./apps.ts";
import type { Actor } from "./keys.ts";
import { announceApps } from "./notify.ts";
import { ensureProject } from "./projects.ts";

export interface NewApp {
  key: AppKey;
  host: string;
  /** flyteidl2.app.Spec.DesiredState */
  desiredState: number;
  /** Serialised flyteidl2.app.Spec. */
  spec: Uint8Array;
  /** Serialised flyteidl2.app.Meta. */
  meta: Uint8Array;
  /** Of the cluster that it must be on. @default whichever serves apps */
  cluster?: string;
}

export type NotCreated = "exists" | "host-taken" | "no-plane";

export async function createApp(database: Database, org: string, app: NewApp, by: Actor): Promise<AppRow | NotCreated> {
  const { key } = app;
  return database.withOrg(org, async (transaction) => {
    const cluster = await planeFor(transaction, org, app.cluster);
    if (cluster === undefined) return "no-plane";
    const inserted = await transaction.query(
      `insert into biplane.apps (org, project, domain, name, uid, host, cluster, revision, version, desired_state, spec,
         meta, created_by, created_by_kind, deployment_status)
       values ($1, $2, $3, $4, $5, $6, $7, 1, 1, $8, $9, $10, $11, $12, $13) on conflict do nothing returning 1`,
      [
        ...[...keyValues(org, key), randomUUID(), app.host, cluster, app.desiredState, app.spec, app.meta],
        ...[by.subject, by.kind, Status.PENDING],
      ],
    );
    if (inserted.length === 0) return (await readAppIn(transaction, org, key)) ? "exists" : "host-taken";
    await addCondition(transaction, org, key, { ...pending, message: "created", by });
    await ensureProject(transaction, org, key);
    return announced(transaction, org, key);
  });
}

export type NotUpdated = "absent" | { latest: bigint };

/**
 * What is so already is no revision.
 * @param expected the revision that the caller knows; 0 for whichever it is.
 */
export async function updateApp(
  database: Database,
  org: string,
  { key, desiredState, spec, meta }: NewApp,
  change: { by: Actor; reason: string; expected: bigint },
): Promise<AppRow | NotUpdated> {
  return database.withOrg(org, async (transaction) => {
    const locked = await transaction.query<{ revision: string; spec: Buffer; meta: Buffer }>(
      `select revision, spec, meta from biplane.apps where ${thisApp} for update`,
      keyValues(org, key),
    );
    const [before] = locked;
    if (!before) return "absent";
    const latest = BigInt(before.revision);
    if (change.expected !== 0n && change.expected !== latest) return { latest };
    if (!before.spec.equals(spec) || !before.meta.equals(meta)) {
      await transaction.query(
        `update biplane.apps set revision = revision + 1, version = version + 1, desired_state = $5, spec = $6,
           meta = $7, updated_at = now(), deployment_status = $8, observed_at = null where ${thisApp}`,
        [...keyValues(org, key), desiredState, spec, meta, Status.PENDING],
      );
      await addCondition(transaction, org, key, { ...pending, message: change.reason, by: change.by });
    }
    return announced(transaction, org, key);
  });
}

/** @returns false where there is none. */
export async function deleteApp(database: Database, org: string, key: AppKey): Promise<boolean> {
  return database.withOrg(org, async (transaction) => {
    const removed = await transaction.query(
      `delete from biplane.apps where ${thisApp} returning 1`,
      keyValues(org, key),
    );
    await transaction.query(`delete from biplane.app_conditions where ${thisApp}`, keyValues(org, key));
    await announceApps(transaction, org);
    return removed.length === 1;
  });
}

/** Of one app; older ones are forgotten. */
const conditionsKept = 20;

/** Until the compute plane has something to tell: nothing of an earlier revision is taken for this one's state. */
const pending = { status: Status.PENDING, substate: 0 };

export interface NewCondition {
  status: number;
  substate: number;
  message: string;
  /** @default the compute plane */
  by?: Actor;
}

/** As it stands: of the present revision, and numbered by the present version, which its change has made. */
export async function addCondition(
  transaction: Transaction,
  org: string,
  key: AppKey,
  { status, substate, message, by }: NewCondition,
): Promise<void> {
  await transaction.query(
    `insert into biplane.app_conditions (org, project, domain, name, ordinal, revision, deployment_status, substate,
       message, actor, actor_kind)
     select org, project, domain, name, version, revision, $5, $6, $7, $8, $9 from biplane.apps where ${thisApp}`,
    [...keyValues(org, key), status, substate, message, by?.subject ?? "", by?.kind ?? ""],
  );
  await transaction.query(
    `delete from biplane.app_conditions where ${thisApp} and ordinal <= (
       select c.ordinal from biplane.app_conditions c where c.org = $1 and c.project = $2 and c.domain = $3 and c.name = $4
       order by c.ordinal desc offset $5 limit 1)`,
    [...keyValues(org, key), conditionsKept],
  );
}

async function planeFor(transaction: Transaction, org: string, cluster: string | undefined) {
  const [plane] = await transaction.query<{ cluster: string }>(
    `select cluster from biplane.app_planes where org = $1 and ($2::text is null or cluster = $2)
     order by cluster limit 1`,
    [org, cluster ?? null],
  );
  return plane?.cluster;
}

async function announced(transaction: Transaction, org: string, key: AppKey): Promise<AppRow> {
  await announceApps(transaction, org);
  const row = await readAppIn(transaction, org, key);
  if (!row) throw new Error("an app without its row");
  return row;
}
