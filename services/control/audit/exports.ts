/** The tables of the export: what is planned, what is stored, and how far behind that is. Every statement about them. */
import type { Database, Transaction } from "../../shared/postgres.ts";
import { type ExportRow, hashOf, type PlannedObject, planObjects, renderLines } from "./export-plan.ts";

/** A place in the order of records: transaction, then id; both numbers as text. */
interface Place {
  tx: string;
  id: string;
}

export interface PlanLimits {
  /** A batch has no more records; so much is held in memory. */
  records: number;
  /** The oldest record waits so long for others to come into the same object. */
  waitMs: number;
}

/** `others`: another exporter plans, or objects of the last batch are still to be stored. */
export type Planned = { objects: number; records: number } | "nothing" | "others";

export interface Stored extends Pick<PlannedObject, "org" | "key" | "records"> {
  /** From the oldest record to now. */
  lagMs: number;
}

/** Puts an object where it is kept. It may be there already, after an attempt that was killed. */
export type Put = (key: string, lines: string) => Promise<void>;

const columns =
  "r.org, r.id, r.at, r.subject, r.subject_kind, r.api_key, r.operation, r.resource, r.decision, r.reason, r.request_id";

/**
 * Writes down what the organisation's next batch is. A record is taken once every transaction up to its own has ended: none
 * can appear before it any more.
 */
export function planBatch(database: Database, org: string, limits: PlanLimits): Promise<Planned> {
  return database.withOrg(org, async (transaction) => {
    const [mine] = await transaction.query<{ mine: boolean }>(
      "select pg_try_advisory_xact_lock(hashtextextended('biplane audit export ' || $1, 0)) as mine",
      [org],
    );
    if (!mine?.mine) return "others";
    const [waiting] = await transaction.query(
      "select 1 from biplane.audit_exports where org = $1 and stored_at is null limit 1",
      [org],
    );
    if (waiting) return "others";
    const last = await lastPlace(transaction, org);
    const rows = await transaction.query<ExportRow & { tx: string; age_ms: number }>(
      `select ${columns}, r.tx::text as tx, extract(epoch from clock_timestamp() - r.at) * 1000 as age_ms
       from biplane.audit_records r
       where r.org = $1 and (r.tx, r.id) > ($2::xid8, $3::bigint) and r.tx < pg_snapshot_xmin(pg_current_snapshot())
       order by r.tx, r.id limit $4`,
      [org, last.tx, last.id, limits.records],
    );
    const end = rows.at(-1);
    const oldest = Math.max(0, ...rows.map(({ age_ms }) => Number(age_ms)));
    if (!end || (rows.length < limits.records && oldest < limits.waitMs)) return "nothing";
    const objects = planObjects(last.batch + 1n, rows);
    for (const object of objects) await insertPlanned(transaction, last, end, object);
    return { objects: objects.length, records: rows.length };
  });
}

async function lastPlace(transaction: Transaction, org: string): Promise<Place & { batch: bigint }> {
  const [last] = await transaction.query<Place & { batch: string }>(
    `select batch, last_tx::text as tx, last_id as id from biplane.audit_exports
     where org = $1 order by batch desc limit 1`,
    [org],
  );
  return last ? { ...last, batch: BigInt(last.batch) } : { batch: 0n, tx: "0", id: "0" };
}

async function insertPlanned(
  transaction: Transaction,
  after: Place & { batch: bigint },
  last: Place,
  { org, hour, key, sha256, records, oldestAt }: PlannedObject,
): Promise<void> {
  await transaction.query(
    `insert into biplane.audit_exports
       (org, batch, hour, key, sha256, records, oldest_at, after_tx, after_id, last_tx, last_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8::xid8, $9, $10::xid8, $11)`,
    [
      ...[org, String(after.batch + 1n), hour, key, sha256, records, oldestAt],
      ...[after.tx, after.id, last.tx, last.id],
    ],
  );
}

interface ExportsRow {
  batch: string;
  hour: Date;
  key: string;
  sha256: string;
  records: number;
  oldest_at: Date;
}

/**
 * Stores one planned object of the organisation's that nobody else is storing. Its row is held until that is written down; a
 * process that is killed lets go of it, and the next one puts the same object again, as whoever lost a deadlock does.
 * @returns undefined where there is none
 * @throws where the records are not those that were planned: somebody changed them, who must be the owner of the tables
 */
export function storeOne(database: Database, org: string, put: Put): Promise<Stored | undefined> {
  return database.withOrg(org, async (transaction) => {
    const planned = await takePlanned(transaction, org);
    if (!planned) return undefined;
    const { batch, hour, key, sha256, records } = planned;
    const rows = await transaction.query<ExportRow>(
      `select ${columns} from biplane.audit_exports e
       join biplane.audit_records r on r.org = e.org and (r.tx, r.id) > (e.after_tx, e.after_id)
         and (r.tx, r.id) <= (e.last_tx, e.last_id) and r.at >= e.hour and r.at < e.hour + interval '1 hour'
       where e.org = $1 and e.batch = $2 and e.hour = $3
       order by r.tx, r.id`,
      [org, batch, hour],
    );
    const lines = renderLines(rows);
    if (hashOf(lines) !== sha256) {
      throw new Error(`batch ${batch} of ${org} has ${rows.length} records that differ from the ${records} planned`);
    }
    await put(key, lines);
    const [stored] = await transaction.query<{ lag_ms: number }>(
      `update biplane.audit_exports set stored_at = clock_timestamp() where org = $1 and batch = $2 and hour = $3
       returning extract(epoch from stored_at - oldest_at) * 1000 as lag_ms`,
      [org, batch, hour],
    );
    return { org, key, records, lagMs: Math.round(Number(stored?.lag_ms)) };
  });
}

async function takePlanned(transaction: Transaction, org: string): Promise<ExportsRow | undefined> {
  const [taken] = await transaction.query<ExportsRow>(
    `select batch, hour, key, sha256, records, oldest_at from biplane.audit_exports
     where org = $1 and stored_at is null order by batch, hour limit 1 for update skip locked`,
    [org],
  );
  return taken;
}

/** Milliseconds since the organisation's oldest record that is in no object yet; 0 where all are. */
export async function exportLag(database: Database, org: string): Promise<number> {
  const [row] = await database.withOrg(org, async (transaction) => {
    const last = await lastPlace(transaction, org);
    return transaction.last<{ lag_ms: number | null }>(
      `select extract(epoch from clock_timestamp() - least(
         (select min(oldest_at) from biplane.audit_exports where org = $1 and stored_at is null),
         (select at from biplane.audit_records where org = $1 and (tx, id) > ($2::xid8, $3::bigint) order by tx, id limit 1)
       )) * 1000 as lag_ms`,
      [org, last.tx, last.id],
    );
  });
  return Math.max(0, Math.round(Number(row?.lag_ms ?? 0)));
}
