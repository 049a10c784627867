/** A cached task by the real client: as a run of its own, and as the child of one. */
import { randomBytes } from "node:crypto";
import { beforeAll, expect, it } from "vitest";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { CatalogCacheStatus } from "../../gen/flyteidl2/core/catalog_pb.js";
import { runExample } from "../support/client.ts";
import { customerCluster } from "../support/customer-cluster.ts";
import { environment } from "../support/local-run.ts";
import { runClient } from "../support/runs.ts";

const patienceMs = 170_000;
const lot = `lot-${randomBytes(6).toString("hex")}`;
const notice = "the result was in the cache: nothing ran";

let runs: Awaited<ReturnType<typeof runClient>>;
let first: string;
beforeAll(async () => {
  runs = await runClient();
  first = await run("drawn");
});

async function run(task: string, prints: string[] = []): Promise<string> {
  const { name, result } = await runExample("cached", task, ["--lot", lot], { prints });
  expect(result.exitCode, result.stderr).toBe(0);
  for (const text of prints) expect(result.stdout).toContain(text);
  await runs.ended(name, "a0", patienceMs);
  return name;
}

async function podsOf(name: string): Promise<number> {
  const namespace = `${environment.project}-${environment.domain}`;
  const found = await customerCluster.core.listNamespacedPod({ namespace, labelSelector: `run=${name}` });
  return found.items.length;
}

it("asked again, it has the same result at once, without a pod, and its log says so", async () => {
  const status = async (name: string) => (await runs.details(name))?.status;
  expect(await status(first)).toMatchObject({ cacheStatus: CatalogCacheStatus.CACHE_POPULATED });
  expect(await podsOf(first)).toBe(1);
  const again = await run("drawn", [notice]);
  expect(await status(again)).toMatchObject({
    phase: ActionPhase.SUCCEEDED,
    cacheStatus: CatalogCacheStatus.CACHE_HIT,
  });
  expect(await podsOf(again)).toBe(0);
  expect(await runs.outputString(again)).toBe(await runs.outputString(first));
});

it("as the child of two runs, it ran for the first alone", async () => {
  const children = async (name: string) =>
    (await runs.actions(name)).filter(({ id }) => id?.name !== "a0").map(({ status }) => status?.cacheStatus);
  const one = await run("asked");
  const other = await run("asked");
  expect(await runs.outputString(other)).toBe(await runs.outputString(one));
  expect(await children(other)).toEqual([CatalogCacheStatus.CACHE_HIT]);
  expect(await podsOf(other)).toBe(1);
});
