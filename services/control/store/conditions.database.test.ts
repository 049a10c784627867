/** What may happen at the same moment, brought about on purpose: who comes second waits for a lock until it is let go. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { readAction } from "./actions.ts";
import { answerCondition, timeOutCondition } from "./conditions.ts";
import type { RunKey } from "./keys.ts";
import { lease } from "./queue.ts";
import { applyReports } from "./reports.ts";
import { insertRun } from "./runs.ts";
import { addCondition, hello, newRun, openTestStore, type TestStore } from "./testing/fixtures.ts";

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store[Symbol.asyncDispose]());

const by = { subject: "someone", kind: "user" as const };
const error = { code: "ConditionTimedOut", message: "late", kind: 1 };
const late = (run: RunKey) => timeOutCondition(store.database, "acme", { ...run, action: "c1" }, error);
const answer = (run: RunKey, text: string) =>
  answerCondition(store.database, "acme", { ...run, action: "c1" }, Buffer.from(text), by);
const stands = async (run: RunKey) => (await readAction(store.database, "acme", { ...run, action: "c1" }))?.action;

async function running(name: string): Promise<RunKey> {
  const run = { ...hello, run: name };
  await insertRun(store.database, "acme", newRun("acme", run));
  await lease(store.database, { org: "acme", cluster: "c1", worker: "w1" }, 1000);
  return run;
}

function ends(run: RunKey, phase: ActionPhase): Promise<void> {
  const report = { phase, attempt: 1, at: new Date(), outputUri: "", retrying: false };
  return applyReports(store.database, "acme", "c1", [{ key: { ...run, action: "a0" }, ...report }]);
}

/** Until so many sessions wait for a lock. */
async function waiting(count: number): Promise<void> {
  const sql = `select count(*)::integer as waiting from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  for (const giveUpAt = Date.now() + 20_000; ; await sleep(10)) {
    const { rows } = await store.database.query<{ waiting: number }>(sql);
    if ((rows[0]?.waiting ?? 0) >= count) return;
    if (Date.now() > giveUpAt) throw new Error(`${rows[0]?.waiting} wait for a lock, not ${count}`);
  }
}

/** Holds a lock while `work` begins, as long as `until` takes. @returns what `work` brought once the lock was let go. */
async function held(lock: string, values: unknown[], work: () => Promise<unknown>[], until: () => Promise<void>) {
  let begun: Promise<PromiseSettledResult<unknown>[]> | undefined;
  await store.database.withOrg("acme", async (transaction) => {
    await transaction.query(lock, values);
    begun = Promise.allSettled(work());
    await until();
  });
  return (await begun)?.map((result) => (result.status === "fulfilled" ? result.value : result.reason));
}

const itsRow = "select 1 from biplane.actions where org = 'acme' and run = $1 and action = 'c1' for update";

it("of two answers one is taken, and the other is told so", async () => {
  const run = await running("answers");
  await addCondition(store, "acme", "c1", run);
  const both = () => [answer(run, "one"), answer(run, "two")];
  const told = await held(itsRow, [run.run], both, () => waiting(2));
  expect(told?.toSorted()).toEqual(["another", "answered"]);
  expect((await stands(run))?.answer?.toString()).toBe(told?.[0] === "answered" ? "one" : "two");
});

it("an end that is not yet told is not answered", async () => {
  const run = await running("over");
  await addCondition(store, "acme", "c1", run);
  const end = "update biplane.actions set phase = 7 where org = 'acme' and run = $1 and action = 'c1'";
  const told = await held(
    end,
    [run.run],
    () => [answer(run, "late")],
    () => waiting(1),
  );
  expect(told).toEqual([{ ended: ActionPhase.ABORTED }]);
});

it("a time that runs out while an answer comes is looked at again, and found answered", async () => {
  const run = await running("tie");
  await addCondition(store, "acme", "c1", run);
  const told = await held(
    itsRow,
    [run.run],
    () => [answer(run, "in time")],
    async () => {
      await waiting(1);
      expect(await late(run)).toBe(false);
    },
  );
  expect(told).toEqual(["answered"]);
  expect(await late(run)).toBe(false);
  expect((await stands(run))?.phase).toBe(ActionPhase.SUCCEEDED);
});

it.each([ActionPhase.SUCCEEDED, ActionPhase.FAILED])(
  "what is asked while its parent ends as %i ends with it, and does not wait for ever",
  async (phase) => {
    const run = await running(`parent${phase}`);
    // The condition's row is its last: until then its parent has been seen running.
    const told = await held(
      "lock table biplane.conditions in share mode",
      [],
      () => [addCondition(store, "acme", "c1", run), waiting(1).then(() => ends(run, phase))],
      () => waiting(2),
    );
    expect(told).toEqual(["created", undefined]);
    const action = await stands(run);
    expect(action?.phase).toBe(ActionPhase.ABORTED);
    expect(action?.abort_reason).toBe(`its parent action a0 ended: ${ActionPhase[phase]}`);
    expect(await addCondition(store, "acme", "c2", run)).toBe("parent-ended");
  },
);
