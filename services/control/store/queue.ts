/** What a compute plane takes from the queue: leases that run out, and cancellations that stay until they are obeyed. */
import type { Database } from "../../shared/postgres.ts";
import { type ActionKey, actionId } from "./keys.ts";
import { announceQueue } from "./notify.ts";

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

const sameAction = (a: string, b: string) =>
  ["org", "project", "domain", "run", "action"].map((column) => `${a}.${column} = ${b}.${column}`).join(" and ");

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
  const due = (when: string, order: string) => `
    select org, project, domain, run, action from biplane.queue
    where org = $1 and due_at <= now() and (cluster is null or cluster = $2) and cancel_reason is null
      and (select waiting from held) ${when} $4
    order by ${order}
    limit greatest(0, $4 - (select working from held))
    for update skip locked`;
  return database.withOrg(org, (transaction) =>
    transaction.query<LeasedRow>(
      `with held as (
         select count(*) filter (where not waits) as working, count(*) filter (where waits) as waiting
         from (
           select exists (
             select 1 from biplane.queue c
             where c.org = q.org and c.project = q.project and c.domain = q.domain and c.run = q.run and c.parent = q.action
           ) as waits
           from biplane.queue q
           where q.org = $1 and q.cluster = $2 and q.worker = $3 and q.due_at > now()
         ) leases
       ),
       oldest as (${due("<", "due_at, id")}),
       deepest as (${due(">=", "depth desc, due_at, id")}),
       due as (select * from oldest union all select * from deepest),
       leased as (
         update biplane.queue q
         set cluster = $2, worker = $3, due_at = now() + make_interval(secs => $5), deliveries = q.deliveries + 1
         from due where ${sameAction("q", "due")}
         returning q.org, q.project, q.domain, q.run, q.action, q.id, q.deliveries
       )
       select l.project, l.domain, l.run, l.action, l.deliveries, a.parent, a.action_group, a.short_name, a.task_type,
         a.input_uri, a.cache_key, r.output_base, r.start_time, r.run_spec, s.spec
       from leased l
       join biplane.actions a on ${sameAction("a", "l")}
       join biplane.runs r on r.org = l.org and r.project = l.project and r.domain = l.domain and r.run = l.run
       join biplane.task_specs s on s.org = a.org and s.digest = a.spec_digest
       order by l.id`,
      [org, cluster, worker, capacity, leaseSeconds],
    ),
  );
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

/** What this worker holds and must stop, and what nobody holds any more: the pod may still be there. */
export async function readCancellations(database: Database, { org, cluster, worker }: Worker): Promise<CancelRow[]> {
  return database.withOrg(org, (transaction) =>
    transaction.query<CancelRow>(
      `select project, domain, run, action, cancel_reason from biplane.queue
       where org = $1 and cluster = $2 and cancel_reason is not null and (worker = $3 or due_at <= now()) order by id`,
      [org, cluster, worker],
    ),
  );
}
