/** What a compute plane takes from the queue: leases that run out, and cancellations that stay until they are obeyed. */
import { type Database, statement } from "../../shared/postgres.ts";
import { type ActionKey, actionId } from "./keys.ts";
import { announceQueue } from "./notify.ts";
import { sameRun } from "./rows.ts";

const leaseSeconds = 30;

/** Who asks: the organisation and the cluster come from the verified caller. */
export interface Worker {
  org: string;
  cluster: string;
  /** One process of the executor. */
  worker: string;
}

export interface LeasedRow extends ActionKey {
  parent: string;
  action_group: string;
  short_name: string;
  task_type: string;
  input_uri: string;
  cache_key: string;
  output_base: string;
  start_time: Date;
  /** Serialised flyteidl2.task.TaskSpec. */
  spec: Buffer;
  /** Serialised flyteidl2.task.RunSpec. */
  run_spec: Buffer;
  /** 1 for the first delivery. */
  deliveries: number;
}

export interface CancelRow extends ActionKey {
  cancel_reason: string;
}

const heldSql = statement(
  `select count(*) filter (where not waits)::integer as working, count(*) filter (where waits)::integer as waiting
   from (
     select exists (
       select 1 from biplane.queue c
       where c.org = q.org and c.project = q.project and c.domain = q.domain and c.run = q.run and c.parent = q.action
     ) as waits
     from biplane.queue q
     where q.org = $1 and q.cluster = $2 and q.worker = $3 and q.due_at > now()
   ) leases`,
);

/** What it is about is looked up by its key, one by one: "limit" leaves no other way, whatever statistics say. */
const dueSql = (order: string) =>
  statement(
    `select due.project, due.domain, due.run, due.action, due.deliveries + 1 as deliveries, about.*
     from (
       select * from biplane.queue
       where org = $1 and due_at <= now() and (cluster is null or cluster = $2) and cancel_reason is null
       order by ${order}
       limit $3
       for update skip locked
     ) due
     cross join lateral (
       select a.parent, a.action_group, a.short_name, a.task_type, a.input_uri, a.cache_key, r.output_base,
         r.start_time, r.run_spec, s.spec
       from biplane.actions a
       join biplane.runs r on ${sameRun}
       join biplane.task_specs s on s.org = a.org and s.digest = a.spec_digest
       where a.org = due.org and a.project = due.project and a.domain = due.domain and a.run = due.run
         and a.action = due.action
       limit 1
     ) about
     order by due.id`,
  );
const oldestFirst = dueSql("due_at, id");
const deepestFirst = dueSql("depth desc, due_at, id");

const takeSql = statement(
  `update biplane.queue
   set cluster = $6, worker = $7, due_at = now() + make_interval(secs => $8), deliveries = deliveries + 1
   where org = $1 and project = $2 and domain = $3 and run = $4 and action = $5`,
);

/**
 * Takes what is due, up to `capacity` open leases of this worker. The lease of a parent that has children in the queue
 * does not count: counted, as many waiting parents as there are places would wait for ever. Oldest first; but once as
 * many parents wait as there are places, deepest first: their pods stand in the cluster all the while, and more of them
 * could leave no room for the children.
 */
export async function lease(
  database: Database,
  { org, cluster, worker }: Worker,
  capacity: number,
): Promise<LeasedRow[]> {
  return database.withOrg(org, async (transaction) => {
    const [held] = await transaction.query<{ working: number; waiting: number }>(heldSql, [org, cluster, worker]);
    const { working, waiting } = held ?? { working: 0, waiting: 0 };
    if (working >= capacity) return [];
    const next = waiting < capacity ? oldestFirst : deepestFirst;
    const due = await transaction.query<LeasedRow>(next, [org, cluster, capacity - working]);
    // Locked by now; all are sent at once, and the commit with them.
    await Promise.all(
      due.map(({ project, domain, run, action }, at) =>
        transaction[at === due.length - 1 ? "last" : "query"](takeSql, [
          ...[org, project, domain, run, action, cluster, worker, leaseSeconds],
        ]),
      ),
    );
    return due;
  });
}

/** @returns those that this worker does not hold: finished, or given to another since. */
export async function extendLeases(
  database: Database,
  { org, cluster, worker }: Worker,
  keys: ActionKey[],
): Promise<ActionKey[]> {
  const held = await database.withOrg(org, (transaction) =>
    transaction.query<ActionKey & { project: string }>(
      `update biplane.queue q set due_at = now() + make_interval(secs => $5)
       from json_to_recordset($4) as k (project text, domain text, run text, action text)
       where q.org = $1 and q.cluster = $2 and q.worker = $3 and q.project = k.project and q.domain = k.domain
         and q.run = k.run and q.action = k.action
       returning q.project, q.domain, q.run, q.action`,
      [org, cluster, worker, JSON.stringify(keys), leaseSeconds],
    ),
  );
  const still = new Set(held.map(actionId));
  return keys.filter((key) => !still.has(actionId(key)));
}

/** Gives back what was leased and could not be delivered, so that it need not wait for the lease to run out. */
export async function returnLeases(
  database: Database,
  { org, cluster, worker }: Worker,
  keys: ActionKey[],
): Promise<void> {
  await database.withOrg(org, async (transaction) => {
    await transaction.query(
      `update biplane.queue q set due_at = now()
       from json_to_recordset($4) as k (project text, domain text, run text, action text)
       where q.org = $1 and q.cluster = $2 and q.worker = $3 and q.project = k.project and q.domain = k.domain
         and q.run = k.run and q.action = k.action`,
      [org, cluster, worker, JSON.stringify(keys)],
    );
    await announceQueue(transaction, org);
  });
}

const cancellationsSql = statement(
  `select project, domain, run, action, cancel_reason from biplane.queue
   where org = $1 and cluster = $2 and cancel_reason is not null and (worker = $3 or due_at <= now()) order by id`,
);

/** What this worker holds and must stop, and what nobody holds any more: the pod may still be there. */
export async function readCancellations(database: Database, { org, cluster, worker }: Worker): Promise<CancelRow[]> {
  return database.withOrg(org, (transaction) => transaction.last<CancelRow>(cancellationsSql, [org, cluster, worker]));
}
