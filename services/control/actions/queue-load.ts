/** How long the region's queue is: numbers, counted in one organisation after the other and added up here. */
import { gauge } from "../../shared/metrics.ts";
import { type Database, statement } from "../../shared/postgres.ts";
import { knownOrgs } from "../store/known-orgs.ts";

const actions = gauge(
  "biplane_queue_actions",
  "Actions in the queue, of all organisations; every replica tells the same",
  {
    state: ["waiting", "leased"],
  },
);
const oldest = gauge(
  "biplane_queue_oldest_seconds",
  "For how long the first of those that wait could have been leased",
  {},
);

const keptMs = 1_000;

interface Load {
  waiting: number;
  leased: number;
  oldest_seconds: number;
}

const loadSql = statement(
  `select count(*) filter (where due_at <= now())::integer as waiting,
     count(*) filter (where due_at > now())::integer as leased,
     coalesce(extract(epoch from now() - min(due_at) filter (where due_at <= now())), 0)::float8 as oldest_seconds
   from biplane.queue where org = $1`,
);

/** Of all organisations together. */
export async function readLoad(database: Database): Promise<Load> {
  const sum: Load = { waiting: 0, leased: 0, oldest_seconds: 0 };
  for (const org of await knownOrgs(database)) {
    const [load] = await database.withOrg(org, (transaction) => transaction.last<Load>(loadSql, [org]));
    if (!load) throw new Error("the database does not tell how long the queue is");
    sum.waiting += load.waiting;
    sum.leased += load.leased;
    sum.oldest_seconds = Math.max(sum.oldest_seconds, load.oldest_seconds);
  }
  return sum;
}

/** Asked at each scrape. @returns what ends it. */
export function watchQueue(database: Database): () => void {
  let known: { at: number; load: Promise<Load> } | undefined;
  // Two metrics of one scrape are of one moment, and whoever scrapes all the time has no table counted all the time.
  const read = () => {
    if (!known || performance.now() - known.at > keptMs) known = { at: performance.now(), load: readLoad(database) };
    return known.load;
  };
  const ends = [
    actions.readAll(async () => {
      const { waiting, leased } = await read();
      return [
        [{ state: "waiting" }, waiting],
        [{ state: "leased" }, leased],
      ];
    }),
    oldest.readAll(async () => [[{}, (await read()).oldest_seconds]]),
  ];
  return () => {
    for (const end of ends) end();
  };
}
