/** How long the region's queue is, over all organisations: numbers, which the database adds up for us. */
import { gauge } from "../../shared/metrics.ts";
import type { Database } from "../../shared/postgres.ts";

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
  /** Counts are bigint, which the driver leaves as text. */
  waiting: string;
  leased: string;
  oldest_seconds: number;
}

async function readLoad(database: Database): Promise<Load> {
  const { rows } = await database.query<Load>("select waiting, leased, oldest_seconds from biplane.queue_load()");
  const [row] = rows;
  if (!row) throw new Error("the database does not tell how long the queue is");
  return row;
}

/** Asked at each scrape. @returns what ends it. */
export function watchQueue(database: Database): () => void {
  let known: { at: number; row: Promise<Load> } | undefined;
  // Two metrics of one scrape are of one moment, and whoever scrapes all the time has no table counted all the time.
  const read = () => {
    if (!known || performance.now() - known.at > keptMs) known = { at: performance.now(), row: readLoad(database) };
    return known.row;
  };
  const ends = [
    actions.readAll(async () => {
      const { waiting, leased } = await read();
      return [
        [{ state: "waiting" }, Number(waiting)],
        [{ state: "leased" }, Number(leased)],
      ];
    }),
    oldest.readAll(async () => [[{}, (await read()).oldest_seconds]]),
  ];
  return () => {
    for (const end of ends) end();
  };
}
