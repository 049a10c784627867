/** Results of tasks that may be cached: found when an action is made, kept when one succeeds. */
import { CatalogCacheStatus } from "../../../gen/flyteidl2/core/catalog_pb.js";
import type { Transaction } from "../../shared/postgres.ts";
import type { ActionKey, ProjectKey } from "./keys.ts";

export interface CacheLookup {
  status: CatalogCacheStatus;
  /** Of a hit: the folder of its outputs. */
  outputUri?: string;
}

/** @param overwrite the run wants nothing from the cache */
export async function lookUp(
  transaction: Transaction,
  org: string,
  { project, domain }: ProjectKey,
  cacheKey: string,
  overwrite: boolean,
): Promise<CacheLookup> {
  if (cacheKey === "") return { status: CatalogCacheStatus.CACHE_DISABLED };
  if (overwrite) return { status: CatalogCacheStatus.CACHE_SKIPPED };
  const [found] = await transaction.query<{ output_uri: string }>(
    `select output_uri from biplane.cached_results
     where org = $1 and project = $2 and domain = $3 and cache_key = $4`,
    [org, project, domain, cacheKey],
  );
  if (!found) return { status: CatalogCacheStatus.CACHE_MISS };
  return { status: CatalogCacheStatus.CACHE_HIT, outputUri: found.output_uri };
}

export interface Success extends ActionKey {
  cache_key: string;
  output_uri: string;
}

/** The latest counts: of two that ran at once, and of a run that overwrites. One without a key or outputs is passed over. */
export async function keepResults(transaction: Transaction, org: string, successes: Success[]): Promise<void> {
  const cacheable = successes.filter(({ cache_key, output_uri }) => cache_key !== "" && output_uri !== "");
  if (cacheable.length === 0) return;
  await transaction.query(
    `insert into biplane.cached_results (org, project, domain, cache_key, output_uri, run, action)
     select distinct on (project, domain, cache_key) $1, project, domain, cache_key, output_uri, run, action
     from json_populate_recordset(null::biplane.cached_results, $2)
     order by project, domain, cache_key
     on conflict (org, project, domain, cache_key) do update set output_uri = excluded.output_uri, run = excluded.run,
       action = excluded.action, created_at = excluded.created_at`,
    [org, JSON.stringify(cacheable)],
  );
  await transaction.query(
    `update biplane.actions a set cache_status = $3
     from json_populate_recordset(null::biplane.cached_results, $2) k
     where a.org = $1 and a.project = k.project and a.domain = k.domain and a.run = k.run and a.action = k.action`,
    [org, JSON.stringify(cacheable), CatalogCacheStatus.CACHE_POPULATED],
  );
}
