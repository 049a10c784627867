/** A queue on Postgres that is well kept and does nothing else, to compare with. No part of Biplane needs it. */
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { execa } from "execa";
import pg from "pg";
import { paths } from "../sandbox/paths.ts";

const version = "0.18.0";

interface Runner {
  stop(): Promise<void>;
}

/** What of the package is used. */
interface Package {
  runMigrations(options: { pgPool: pg.Pool }): Promise<void>;
  makeWorkerUtils(options: { pgPool: pg.Pool }): Promise<{
    addJob(task: string, payload: object): Promise<unknown>;
    release(): Promise<void>;
  }>;
  run(options: {
    pgPool: pg.Pool;
    concurrency: number;
    noHandleSignals: boolean;
    taskList: Record<string, () => Promise<void>>;
    logger: unknown;
  }): Promise<Runner>;
  Logger: new (factory: () => () => void) => unknown;
}

export interface OtherQueue {
  /** From the first call that adds a job to the last one's end, while a worker of as many places works. */
  jobsPerSecond(jobs: number, callers: number): Promise<number>;
  close(): Promise<void>;
}

/** @param owner of a database of its own */
export async function graphileWorker(owner: pg.ClientConfig): Promise<OtherQueue> {
  const { makeWorkerUtils, run, runMigrations, Logger } = await fetched();
  const pgPool = new pg.Pool({ ...owner, max: 30 });
  for (const event of ["error", "connect"]) pgPool.on(event as "error", () => undefined);
  await runMigrations({ pgPool });
  const utils = await makeWorkerUtils({ pgPool });
  const logger = new Logger(() => () => undefined);
  return {
    async jobsPerSecond(jobs, callers) {
      let ended = 0;
      const taskList = {
        bench: async () => {
          ended += 1;
        },
      };
      const runner = await run({ pgPool, concurrency: callers, noHandleSignals: true, taskList, logger });
      let next = 0;
      const caller = async () => {
        for (let at = next++; at < jobs; at = next++) await utils.addJob("bench", { at });
      };
      const began = performance.now();
      await Promise.all(Array.from({ length: callers }, caller));
      while (ended < jobs) await sleep(2);
      const seconds = (performance.now() - began) / 1_000;
      await runner.stop();
      return jobs / seconds;
    },
    async close() {
      await utils.release();
      await pgPool.end();
    },
  };
}

/** Into the cache, once. */
async function fetched(): Promise<Package> {
  const folder = join(paths().cache, `graphile-worker-${version}`);
  mkdirSync(folder, { recursive: true });
  const { resolve } = createRequire(join(folder, "package.json"));
  const find = () => {
    try {
      return resolve("graphile-worker");
    } catch {
      // Not fetched yet.
      return undefined;
    }
  };
  if (!find()) {
    await execa("npm", [
      "install",
      "--prefix",
      folder,
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      `graphile-worker@${version}`,
    ]);
  }
  return import(pathToFileURL(find() ?? "").href);
}
