import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { startTestPostgres } from "../../shared/testing/postgres.ts";
import { readChangedChildren } from "./actions.ts";
import type { ActionKey } from "./keys.ts";
import { runTopic } from "./keys.ts";
import { runChannel } from "./notify.ts";
import { lease, type Worker } from "./queue.ts";
import { applyReports } from "./reports.ts";
import { insertRun } from "./runs.ts";
import { addChild, hello, newRun, openTestStore, type TestStore } from "./testing/fixtures.ts";
import { readWhenever } from "./watch.ts";

const worker: Worker = { org: "acme", cluster: "c1", worker: "w1" };
const root: ActionKey = { ...hello, action: "a0" };
const topic = { channel: runChannel, key: runTopic("acme", hello) };

const report = (store: TestStore, action: string, phase: ActionPhase) =>
  applyReports(store.database, "acme", "c1", [
    { key: { ...hello, action }, phase, attempt: 1, at: new Date(), outputUri: "", retrying: false },
  ]);

/** Follows the children of the root as a watch does, until all named ones have ended. */
async function watchUntilEnded(store: TestStore, names: string[], everyMs: number): Promise<Map<string, ActionPhase>> {
  const seen = new Map<string, ActionPhase>();
  const stop = new AbortController();
  let since: string | undefined;
  const read = async () => {
    const changes = await readChangedChildren(store.database, "acme", root, since);
    since = changes.since;
    return changes.actions;
  };
  for await (const actions of readWhenever(store.hub, topic, stop.signal, read, everyMs)) {
    for (const { action, phase } of actions) seen.set(action, phase);
    if (names.every((name) => seen.get(name) === ActionPhase.SUCCEEDED)) stop.abort();
  }
  return seen;
}

describe("a watch", () => {
  it("ends with the last state of every child, however many change at once", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme"));
    const names = Array.from({ length: 30 }, (_, n) => `n${n}`);
    // No fall-back: what is not announced is not seen, and the test would time out.
    const watchers = [1, 2, 3].map(() => watchUntilEnded(store, names, 60_000));
    await Promise.all(
      names.map(async (name) => {
        await addChild(store, "acme", name);
        await lease(store.database, worker, 1000);
        for (const phase of [ActionPhase.INITIALIZING, ActionPhase.RUNNING]) await report(store, name, phase);
      }),
    );
    await lease(store.database, worker, 1000);
    await Promise.all(names.map((name) => report(store, name, ActionPhase.SUCCEEDED)));
    for (const seen of await Promise.all(watchers)) expect([...seen.keys()].sort()).toEqual([...names].sort());
  });

  it("finds a change whose transaction was open, unseen, while later ones were read", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme"));
    await addChild(store, "acme", "slow");
    let { since } = await readChangedChildren(store.database, "acme", root, undefined);
    let commit = () => {};
    const held = new Promise<void>((resolve) => {
      commit = resolve;
    });
    const slow = store.database.withOrg("acme", async (transaction) => {
      await transaction.query(
        "update biplane.actions set phase = 4, changed_in = pg_current_xact_id() where action = 'slow'",
      );
      await held;
    });
    await sleep(50);
    await addChild(store, "acme", "quick");
    const first = await readChangedChildren(store.database, "acme", root, since);
    expect(first.actions.map(({ action }) => action)).toContain("quick");
    since = first.since;
    commit();
    await slow;
    const second = await readChangedChildren(store.database, "acme", root, since);
    expect(second.actions).toContainEqual(expect.objectContaining({ action: "slow", phase: ActionPhase.RUNNING }));
  });

  it("reads again for a change that comes while it reads", async () => {
    await using store = await openTestStore();
    let count = 0;
    const stop = new AbortController();
    const wakes: (() => void)[] = [];
    const hub = {
      ...store.hub,
      subscribe: (_channel: string, _key: string, wake: () => void) => {
        wakes.push(wake);
        return () => {};
      },
    };
    const read = async () => {
      count += 1;
      if (count === 1) for (const wake of wakes) wake();
      return count;
    };
    for await (const reading of readWhenever(hub, topic, stop.signal, read, 60_000)) if (reading === 2) stop.abort();
    expect(count).toBe(2);
  });

  it("goes on without notifications, only slower", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme"));
    const hub = { ...store.hub, subscribe: () => () => {} };
    const seen = watchUntilEnded({ ...store, hub }, ["n1"], 20);
    await addChild(store, "acme", "n1");
    await lease(store.database, worker, 10);
    await report(store, "n1", ActionPhase.SUCCEEDED);
    expect((await seen).get("n1")).toBe(ActionPhase.SUCCEEDED);
  });

  it("survives a restart of the database", async () => {
    const own = await startTestPostgres();
    try {
      await using store = await openTestStore(own);
      await insertRun(store.database, "acme", newRun("acme"));
      await addChild(store, "acme", "n1");
      await lease(store.database, worker, 10);
      const woken: string[] = [];
      store.hub.subscribe(topic.channel, topic.key, () => woken.push("woken"));
      while (!store.hub.connected()) await sleep(10);
      // A hub that connects again wakes all, since it cannot know what it missed; how short it was away is its matter.
      const connected = woken.length;
      await own.restart();
      while (woken.length === connected) await sleep(10);
      while (!store.hub.connected()) await sleep(10);
      const before = woken.length;
      await report(store, "n1", ActionPhase.SUCCEEDED);
      while (woken.length === before) await sleep(10);
    } finally {
      await own.stop();
    }
  });
});
