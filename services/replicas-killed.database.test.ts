/**
 * Two replicas of each of the region's services, killed one after the other, and the database restarted, while runs are
 * started, listed, watched and carried out. The compute plane has no kubelet: what its pods do is simulated.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ActionPhase } from "../gen/flyteidl2/common/phase_pb.js";
import { RunService } from "../gen/flyteidl2/workflow/run_service_pb.js";
import { recordProblems } from "../test/support/order.ts";
import { actionId, createRun, runId } from "./control/actions/testing/requests.ts";
import { type ReplicatedRegion, startReplicatedRegion } from "./testing/replicated-region.ts";

const long = process.env.BIPLANE_LONG === "1";
const count = long ? 500 : 60;
/** Of each service so many times: the replica that is in use. */
const kills = long ? 4 : 1;
const longest = "longest";
const minutes = long ? 12 : 4;
/** What a client takes for "try again". */
const passing = [Code.Unavailable, Code.Internal, Code.DeadlineExceeded, Code.Canceled, Code.Aborted];
/** As the Flyte client waits before its first retry, and no longer. */
const retryMs = 500;

let region: ReplicatedRegion;
let over: PromiseWithResolvers<void>;
// One for each try: what is killed in it is no good for another.
beforeEach(async () => {
  over = Promise.withResolvers<void>();
  region = await startReplicatedRegion(({ run }) => ({
    startMs: 20,
    runMs: 200 + 2_000 * Math.random(),
    ...(run === longest ? { before: () => over.promise } : {}),
  }));
}, 180_000);
afterEach(async () => {
  over.resolve();
  await region?.stop();
}, 60_000);

it(
  "lose no action, have none twice, end every watch right, and fail no request beyond a retry",
  async () => {
    const headers = { authorization: `Bearer ${await region.token()}` };
    const runs = createClient(RunService, region.transport);
    const signal = AbortSignal.timeout(minutes * 60_000 - 20_000);
    /** Where the whole database is away, nobody can answer. */
    let counted = true;
    const failed: string[] = [];
    const asked = async (what: string, call: () => Promise<unknown>): Promise<void> => {
      for (let tries = 1; ; tries++) {
        signal.throwIfAborted();
        try {
          await call();
          return;
        } catch (error) {
          const { code, message } = ConnectError.from(error);
          // The first try was taken, and only its answer was lost.
          if (tries > 1 && code === Code.AlreadyExists) return;
          if (counted && (tries > 1 || !passing.includes(code))) failed.push(`${what}, try ${tries}: ${message}`);
          if (!passing.includes(code)) return;
          await sleep(retryMs);
        }
      }
    };

    const create = (name: string) => asked(name, () => runs.createRun(createRun(name), { headers, signal }));
    await create(longest);
    const names = Array.from({ length: count - 1 }, (_, index) => `r${index}`);
    let killing = true;
    const starting = (async () => {
      for (const name of names) {
        await create(name);
        if (killing) await sleep(long ? 150 : 400);
      }
    })();
    const listing = (async () => {
      const scopeBy = { case: "org" as const, value: "acme" };
      const list = () => runs.listRuns({ request: { limit: 5 }, scopeBy }, { headers, signal });
      for (; killing; await sleep(100)) await asked("a list", list);
    })();
    let cuts = 0;
    const watching = Array.from({ length: 3 }, () => watched(longest, headers, signal, () => void cuts++));
    // Awaited at the end; a failure before is no stray rejection.
    for (const each of [starting, listing, ...watching]) each.catch(() => undefined);

    for (let round = 0; round < kills; round++) {
      for (const replicas of region.services.values()) {
        const replica = replicas.inUse();
        await replicas.kill(replica);
        await sleep(1_000);
        await replicas.revive(replica);
      }
    }
    expect(failed).toEqual([]);
    // At least those of the gateway and of the service that answers them.
    expect(cuts).toBeGreaterThanOrEqual(2 * kills);
    counted = false;
    await region.postgres.restart();
    await asked("a run", () => runs.getRunDetails({ runId: runId(longest) }, { headers, signal }));
    killing = false;
    over.resolve();
    await Promise.all([starting, listing]);

    const problems = new Map<string, string[]>();
    for (const name of [longest, ...names]) {
      const wrong = recordProblems(await ended(name, headers, signal));
      if (wrong.length > 0) problems.set(name, wrong);
    }
    expect(Object.fromEntries(problems)).toEqual({});
    for (const phases of await Promise.all(watching)) {
      expect(phases.at(-1)).toBe(ActionPhase.SUCCEEDED);
      expect(phases).toEqual(phases.toSorted((one, other) => one - other));
    }
    // Each once: in the record, and as a pod of the plane.
    expect(await kept()).toEqual({ runs: count, actions: count, ends: count, queued: 0 });
    expect(region.pods.map(({ run }) => run).toSorted()).toEqual([longest, ...names].toSorted());
    expect(region.pendingReports()).toBe(0);
  },
  minutes * 60_000,
);

/** As the real client watches: taken up again whenever it is cut. @returns the phases that it told, in their order. */
async function watched(
  run: string,
  headers: Record<string, string>,
  signal: AbortSignal,
  cut: () => void,
): Promise<ActionPhase[]> {
  const runs = createClient(RunService, region.transport);
  const phases: ActionPhase[] = [];
  while (phases.at(-1) !== ActionPhase.SUCCEEDED && phases.at(-1) !== ActionPhase.FAILED) {
    signal.throwIfAborted();
    try {
      for await (const { details } of runs.watchActionDetails({ actionId: actionId(run) }, { headers, signal })) {
        const phase = details?.status?.phase ?? ActionPhase.UNSPECIFIED;
        if (phase !== phases.at(-1)) phases.push(phase);
      }
    } catch (error) {
      if (!passing.includes(ConnectError.from(error).code)) throw error;
      cut();
      await sleep(retryMs);
    }
  }
  return phases;
}

async function ended(run: string, headers: Record<string, string>, signal: AbortSignal) {
  const runs = createClient(RunService, region.transport);
  for (;;) {
    const { details } = await runs.getActionDetails({ actionId: actionId(run) }, { headers, signal });
    if (details?.status?.endTime) return details;
    await sleep(200);
  }
}

async function kept() {
  const [counts] = await region.store.database.withOrg("acme", (transaction) =>
    transaction.query(
      `select (select count(*)::integer from biplane.runs) as runs,
         (select count(*)::integer from biplane.actions) as actions,
         (select count(*)::integer from biplane.attempts where phase = $1) as ends,
         (select count(*)::integer from biplane.queue) as queued`,
      [ActionPhase.SUCCEEDED],
    ),
  );
  return counts;
}
