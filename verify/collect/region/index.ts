import type { Collected } from "../../facts.ts";
import type { RegionFacts } from "../../facts-region.ts";
import type { ControlPlane } from "../../target.ts";
import { collectAccount } from "./account.ts";
import { collectApi } from "./api.ts";
import { collectCluster } from "./cluster.ts";
import { collectDatabase } from "./database.ts";
import { collectHosts } from "./hosts.ts";

/** Everything of a region that checks may need. */
export async function collectRegion(target: ControlPlane): Promise<Pick<Collected, keyof RegionFacts>> {
  const [account, cluster, database, hosts, api] = await Promise.all([
    collectAccount(target),
    collectCluster(target),
    collectDatabase(target.database),
    collectHosts(target),
    collectApi(target),
  ]);
  return { ...account, ...cluster, ...database, ...hosts, ...api };
}
