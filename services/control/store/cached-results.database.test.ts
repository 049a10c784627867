/** Cached results on a real Postgres: what the second of two alike actions finds, and what it never finds. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { CatalogCacheStatus } from "../../../gen/flyteidl2/core/catalog_pb.js";
import { readAction, readChangedChildren } from "./actions.ts";
import { enqueueChild } from "./enqueue.ts";
import type { RunKey } from "./keys.ts";
import { lease } from "./queue.ts";
import { applyReports, type KeyedReport } from "./reports.ts";
import { insertRun, type NewRun } from "./runs.ts";
import { newRun, openTestStore, type TestStore } from "./testing/fixtures.ts";

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store[Symbol.asyncDispose]());

const worker = { cluster: "one", worker: "w" };
let made = 0;
const fresh = (more: Partial<RunKey> = {}): RunKey => ({
  ...{ project: "demo", domain: "development", run: `cached-${++made}` },
  ...more,
});
const outputsOf = (org: string, { project, domain, run }: RunKey) =>
  `s3://metadata/${org}/${project}/${domain}/${run}/a0/1`;

/** Starts a run whose root has the key. */
async function start(org: string, key: RunKey, cacheKey: string, more: Partial<NewRun> = {}) {
  const run = newRun(org, key);
  await insertRun(store.database, org, { ...run, root: { ...run.root, cacheKey }, ...more });
  return stateOf(org, key);
}

function ended(key: RunKey, outputUri: string, phase = ActionPhase.SUCCEEDED): KeyedReport {
  return { key: { ...key, action: "a0" }, phase, attempt: 1, at: new Date(), outputUri, retrying: false };
}

async function stateOf(org: string, key: RunKey) {
  const { phase, output_uri, cache_status } =
    (await readAction(store.database, org, { ...key, action: "a0" }))?.action ?? {};
  return { phase: ActionPhase[phase ?? 0], outputs: output_uri, cache: CatalogCacheStatus[cache_status ?? 0] };
}

/** The plane runs it, to its end. */
async function run(org: string, key: RunKey, phase = ActionPhase.SUCCEEDED) {
  const leased = await lease(store.database, { org, ...worker }, 1_000);
  expect(leased.map((one) => [one.run, one.action])).toContainEqual([key.run, "a0"]);
  const outputUri = phase === ActionPhase.SUCCEEDED ? outputsOf(org, key) : "";
  await applyReports(store.database, org, worker.cluster, [ended(key, outputUri, phase)]);
}

const miss = { phase: "QUEUED", outputs: "", cache: "CACHE_MISS" };

describe("a task that may be cached", () => {
  it("runs once: the second has ended with the first one's outputs before any plane hears of it", async () => {
    const [first, second] = [fresh(), fresh()];
    expect(await start("acme", first, "key-1")).toEqual(miss);
    await run("acme", first);
    const outputs = outputsOf("acme", first);
    expect(await stateOf("acme", first)).toEqual({ phase: "SUCCEEDED", outputs, cache: "CACHE_POPULATED" });
    expect(await start("acme", second, "key-1")).toEqual({ phase: "SUCCEEDED", outputs, cache: "CACHE_HIT" });
    expect(await lease(store.database, { org: "acme", ...worker }, 1_000)).toEqual([]);
    const { action, attempts } = (await readAction(store.database, "acme", { ...second, action: "a0" })) ?? {};
    expect(attempts).toEqual([]);
    expect(action?.ended_at).toEqual(action?.started_at);
  });

  it.each<[string, string, Partial<RunKey>, string]>([
    ["another organisation", "globex", {}, "key-2"],
    ["another project", "acme", { project: "other" }, "key-2"],
    ["another domain", "acme", { domain: "production" }, "key-2"],
    ["other inputs", "acme", {}, "key-2b"],
  ])("is not found by %s", async (_, org, place, cacheKey) => {
    const first = fresh();
    await start("acme", first, "key-2");
    // From the second case on it is a hit, and nobody runs it.
    if ((await stateOf("acme", first)).phase === "QUEUED") await run("acme", first);
    expect((await start("acme", fresh(), "key-2")).cache).toBe("CACHE_HIT");
    const asked = fresh(place);
    expect(await start(org, asked, cacheKey)).toEqual(miss);
    await run(org, asked, ActionPhase.FAILED);
  });

  it("is not kept where it failed, nor where it returned nothing, nor where it has no key", async () => {
    const [failed, empty, plain] = [fresh(), fresh(), fresh()];
    await start("acme", failed, "key-3");
    await run("acme", failed, ActionPhase.FAILED);
    expect(await start("acme", empty, "key-3")).toEqual(miss);
    await lease(store.database, { org: "acme", ...worker }, 1_000);
    await applyReports(store.database, "acme", worker.cluster, [ended(empty, "")]);
    const again = fresh();
    expect(await start("acme", again, "key-3")).toEqual(miss);
    await run("acme", again);
    expect((await start("acme", plain, "")).cache).toBe("CACHE_DISABLED");
    await run("acme", plain);
    expect((await start("acme", fresh(), "")).phase).toBe("QUEUED");
    await lease(store.database, { org: "acme", ...worker }, 1_000);
  });

  it("runs again where its run overwrites, and what comes of it is found from then on", async () => {
    const [first, second] = [fresh(), fresh()];
    await start("acme", first, "key-4");
    await run("acme", first);
    expect(await start("acme", second, "key-4", { overwriteCache: true })).toEqual({ ...miss, cache: "CACHE_SKIPPED" });
    await run("acme", second);
    const outputs = outputsOf("acme", second);
    expect(await start("acme", fresh(), "key-4")).toEqual({ phase: "SUCCEEDED", outputs, cache: "CACHE_HIT" });
  });

  it("is told to the parent as a child that has ended, once for each that asks", async () => {
    const [parent, maker] = [fresh(), fresh()];
    await start("acme", maker, "key-5");
    await run("acme", maker);
    await start("acme", parent, "");
    const { root } = newRun("acme", parent);
    const base = `s3://metadata/acme/${parent.project}/${parent.domain}/${parent.run}`;
    const child = (action: string) =>
      enqueueChild(
        store.database,
        "acme",
        {
          ...root,
          key: { ...parent, action },
          parent: "a0",
          inputUri: `${base}/${action}/inputs.pb`,
          cacheKey: "key-5",
        },
        base,
      );
    expect([await child("c1"), await child("c2"), await child("c1")]).toEqual(["created", "created", "exists"]);
    const { actions } = await readChangedChildren(store.database, "acme", { ...parent, action: "a0" }, undefined);
    expect(actions.map(({ action, phase, output_uri }) => [action, phase, output_uri]).sort()).toEqual([
      ["c1", ActionPhase.SUCCEEDED, outputsOf("acme", maker)],
      ["c2", ActionPhase.SUCCEEDED, outputsOf("acme", maker)],
    ]);
    await run("acme", parent);
  });

  it("of two that ran side by side keeps one, and both have ended well", async () => {
    const pair = [fresh(), fresh()];
    for (const key of pair) expect(await start("acme", key, "key-6")).toEqual(miss);
    await lease(store.database, { org: "acme", ...worker }, 1_000);
    const report = (key: RunKey) => ended(key, outputsOf("acme", key));
    await Promise.all(pair.map((key) => applyReports(store.database, "acme", worker.cluster, [report(key)])));
    const third = await start("acme", fresh(), "key-6");
    expect(pair.map((key) => outputsOf("acme", key))).toContain(third.outputs);
    // And both at once, in one batch of reports.
    const batch = [fresh(), fresh()];
    for (const key of batch) await start("acme", key, "key-7");
    await lease(store.database, { org: "acme", ...worker }, 1_000);
    await applyReports(store.database, "acme", worker.cluster, batch.map(report));
    expect((await start("acme", fresh(), "key-7")).cache).toBe("CACHE_HIT");
    for (const key of batch) expect((await stateOf("acme", key)).cache).toBe("CACHE_POPULATED");
  });
});
