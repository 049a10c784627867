import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import type { QueryResultRow } from "pg";
import { describe, expect, it } from "vitest";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import type { Database, Statement, Transaction } from "../../shared/postgres.ts";
import { readAction } from "./actions.ts";
import type { ActionKey } from "./keys.ts";
import { isTerminal, type Report } from "./progress.ts";
import { lease, readCancellations, type Worker } from "./queue.ts";
import { applyReports, type KeyedReport } from "./reports.ts";
import { insertRun } from "./runs.ts";
import { addChild, hello, newRun, openTestStore, type TestStore } from "./testing/fixtures.ts";
import { anyHistory, shuffledWithRepeats } from "./testing/histories.ts";

const worker: Worker = { org: "acme", cluster: "c1", worker: "w1" };
const root: ActionKey = { ...hello, action: "a0" };
const report = (key: ActionKey, phase: ActionPhase, more: Partial<KeyedReport> = {}): KeyedReport => {
  return { key, phase, attempt: 1, at: new Date(), outputUri: "", retrying: false, ...more };
};

async function leasedRun(store: TestStore, run: string): Promise<ActionKey> {
  await insertRun(store.database, "acme", newRun("acme", { ...hello, run }));
  await lease(store.database, worker, 1000);
  return { ...hello, run, action: "a0" };
}

/** What a reader sees, but for names and the times of the record itself. */
async function seen(store: TestStore, key: ActionKey) {
  const read = await readAction(store.database, "acme", key);
  if (!read) throw new Error("no such action");
  const { phase, progress, attempt, output_uri, error_code, error_message, started_at, ended_at } = read.action;
  return {
    phase,
    progress,
    attempt,
    output_uri,
    error_code,
    error_message,
    started_at,
    ended_at,
    attempts: read.attempts,
  };
}

/** Each statement takes 40 ms longer. */
function slowed(transaction: Transaction): Transaction {
  const slow =
    (way: "query" | "last"): Transaction["query"] =>
    async <Row extends QueryResultRow>(text: string | Statement, values?: unknown[]) => {
      const rows = await transaction[way]<Row>(text, values);
      await sleep(40);
      return rows;
    };
  return { query: slow("query"), last: slow("last") };
}

describe("the record", () => {
  it("is the same in whatever order, however often and in whatever batches reports come, and never moves back", async () => {
    await using store = await openTestStore();
    let count = 0;
    const cases = anyHistory.chain((history) =>
      fc.tuple(fc.constant(history), shuffledWithRepeats(history), fc.integer({ min: 1, max: 4 })),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([history, arrived, size]) => {
        count += 1;
        const [inOrder, mixed] = [await leasedRun(store, `order${count}`), await leasedRun(store, `mixed${count}`)];
        const keyed = (key: ActionKey, reports: Report[]) => reports.map((one) => ({ ...one, key }));
        await applyReports(store.database, "acme", "c1", keyed(inOrder, history));
        let last = await seen(store, mixed);
        for (let from = 0; from < arrived.length; from += size) {
          await applyReports(store.database, "acme", "c1", keyed(mixed, arrived.slice(from, from + size)));
          const now = await seen(store, mixed);
          expect(Number(now.progress)).toBeGreaterThanOrEqual(Number(last.progress));
          if (isTerminal(last.phase)) expect([now.phase, now.ended_at]).toEqual([last.phase, last.ended_at]);
          last = now;
        }
        expect(last).toEqual(await seen(store, inOrder));
      }),
      { numRuns: 40 },
    );
  });

  it("keeps attempts, their errors and the true times of their phases", async () => {
    await using store = await openTestStore();
    const key = await leasedRun(store, "retried");
    const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
    const boom = { code: "Boom", message: "once", kind: 1 };
    await applyReports(store.database, "acme", "c1", [
      report(key, ActionPhase.RUNNING, { at: at(2) }),
      report(key, ActionPhase.FAILED, { at: at(3), error: boom, retrying: true }),
      report(key, ActionPhase.RUNNING, { at: at(5), attempt: 2 }),
      report(key, ActionPhase.SUCCEEDED, { at: at(6), attempt: 2, outputUri: "s3://m/o/2" }),
    ]);
    const now = await seen(store, key);
    expect(now).toMatchObject({ phase: ActionPhase.SUCCEEDED, attempt: 2, output_uri: "s3://m/o/2", error_code: "" });
    expect([now.started_at, now.ended_at]).toEqual([at(2), at(6)]);
    const [none] = [null];
    expect(now.attempts).toMatchObject([
      { attempt: 1, phase: ActionPhase.FAILED, error_code: "Boom", reached: [none, none, none, at(2), none, at(3)] },
      { attempt: 2, phase: ActionPhase.SUCCEEDED, error_code: "", output_uri: "s3://m/o/2" },
    ]);
  });

  it("takes reports only from the compute plane that was given the action", async () => {
    await using store = await openTestStore();
    const key = await leasedRun(store, "mine");
    await applyReports(store.database, "acme", "c2", [report(key, ActionPhase.SUCCEEDED)]);
    await applyReports(store.database, "globex", "c1", [report(key, ActionPhase.SUCCEEDED)]);
    expect((await seen(store, key)).phase).toBe(ActionPhase.QUEUED);
    await insertRun(store.database, "acme", newRun("acme", { ...hello, run: "nobodys" }));
    await applyReports(store.database, "acme", "c1", [report({ ...root, run: "nobodys" }, ActionPhase.SUCCEEDED)]);
    expect((await seen(store, { ...root, run: "nobodys" })).phase).toBe(ActionPhase.QUEUED);
  });

  it("takes a late report from a plane whose lease has run out", async () => {
    await using store = await openTestStore();
    const key = await leasedRun(store, "late");
    await store.database.withOrg("acme", (transaction) =>
      transaction.query("update biplane.queue set due_at = now() - interval '1 s'"),
    );
    await applyReports(store.database, "acme", "c1", [report(key, ActionPhase.SUCCEEDED, { outputUri: "s3://m/o" })]);
    expect((await seen(store, key)).phase).toBe(ActionPhase.SUCCEEDED);
    expect(await lease(store.database, worker, 5)).toEqual([]);
  });

  it("drops what it does not know and takes the rest of the batch", async () => {
    await using store = await openTestStore();
    const key = await leasedRun(store, "known");
    const unknown = report({ ...key, action: "ghost" }, ActionPhase.SUCCEEDED);
    await applyReports(store.database, "acme", "c1", [unknown, report(key, ActionPhase.RUNNING)]);
    expect((await seen(store, key)).phase).toBe(ActionPhase.RUNNING);
  });

  it("ends the children of a parent that failed, and leaves those of one that is retried", async () => {
    await using store = await openTestStore();
    const key = await leasedRun(store, "parent");
    await addChild(store, "acme", "n1", "a0", key);
    await lease(store.database, worker, 1000);
    const boom = { code: "Boom", message: "once", kind: 1 };
    await applyReports(store.database, "acme", "c1", [
      report(key, ActionPhase.FAILED, { retrying: true, error: boom }),
    ]);
    expect((await seen(store, { ...key, action: "n1" })).phase).toBe(ActionPhase.QUEUED);
    await applyReports(store.database, "acme", "c1", [report(key, ActionPhase.FAILED, { attempt: 2, error: boom })]);
    const child = await readAction(store.database, "acme", { ...key, action: "n1" });
    expect(child?.action).toMatchObject({
      phase: ActionPhase.ABORTED,
      abort_reason: "its parent action a0 ended: FAILED",
    });
    expect(await readCancellations(store.database, worker)).toMatchObject([{ action: "n1" }]);
  });

  it("does not fall back when a slow report began before a quick one ended", async () => {
    await using store = await openTestStore();
    const key = await leasedRun(store, "slow");
    const slow: Database = {
      ...store.database,
      withOrg: (org, work, locks) => store.database.withOrg(org, (transaction) => work(slowed(transaction)), locks),
    };
    const running = applyReports(slow, "acme", "c1", [report(key, ActionPhase.RUNNING)]);
    await sleep(60);
    await applyReports(store.database, "acme", "c1", [report(key, ActionPhase.SUCCEEDED, { outputUri: "s3://m/o" })]);
    await running;
    expect(await seen(store, key)).toMatchObject({ phase: ActionPhase.SUCCEEDED, output_uri: "s3://m/o" });
  });

  it("survives many workers that report on the same actions at once", async () => {
    await using store = await openTestStore();
    const keys = await Promise.all(["p1", "p2", "p3", "p4"].map((run) => leasedRun(store, run)));
    const batch = (order: ActionKey[], phase: ActionPhase) => order.map((key) => report(key, phase));
    const phases = [ActionPhase.INITIALIZING, ActionPhase.RUNNING, ActionPhase.FAILED];
    const batches = phases.flatMap((phase) => [batch(keys, phase), batch(keys.toReversed(), phase)]);
    await Promise.all(batches.map((one) => applyReports(store.database, "acme", "c1", one)));
    for (const key of keys) expect((await seen(store, key)).phase).toBe(ActionPhase.FAILED);
  });
});
