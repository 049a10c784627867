import { describe, expect, it } from "vitest";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import type { Database } from "../../shared/postgres.ts";
import { abortAction } from "./abort.ts";
import { readAction } from "./actions.ts";
import { type ActionKey, actionId } from "./keys.ts";
import { extendLeases, lease, readCancellations, returnLeases, type Worker } from "./queue.ts";
import { applyReports, type KeyedReport } from "./reports.ts";
import { insertRun } from "./runs.ts";
import { addChild, hello, newRun, openTestStore } from "./testing/fixtures.ts";

const worker: Worker = { org: "acme", cluster: "c1", worker: "w1" };
const root: ActionKey = { ...hello, action: "a0" };
const someone = { subject: "someone", kind: "user" } as const;
const runOf = (number: number) => ({ ...hello, run: `run${number}` });
const names = (rows: ActionKey[]) => rows.map(({ action }) => action).sort();

const report = (key: ActionKey, phase: ActionPhase, more: Partial<KeyedReport> = {}): KeyedReport => {
  return { key, phase, attempt: 1, at: new Date(), outputUri: "", retrying: false, ...more };
};

/** As if the lease's 30 s were over. */
async function expireLeases(database: Database) {
  await database.withOrg("acme", (transaction) =>
    transaction.query("update biplane.queue set due_at = now() - interval '1 s'"),
  );
}

const queued = (database: Database) =>
  database.withOrg("acme", (transaction) => transaction.query("select action from biplane.queue"));

describe("a lease", () => {
  it("gives each action to one worker only, however many ask at once", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme"));
    for (let child = 0; child < 20; child += 1) await addChild(store, "acme", `n${child}`);
    const workers = Array.from({ length: 8 }, (_, index) => ({ ...worker, worker: `w${index}` }));
    const taken = (await Promise.all(workers.map((one) => lease(store.database, one, 5)))).flat();
    expect(new Set(names(taken)).size).toBe(taken.length);
    expect(taken).toHaveLength(21);
  });

  it("carries the task, the run's inputs and base, and counts deliveries", async () => {
    await using store = await openTestStore();
    const run = newRun("acme");
    await insertRun(store.database, "acme", run);
    const [leased] = await lease(store.database, worker, 1);
    expect(leased).toMatchObject({
      ...root,
      parent: "",
      task_type: "python",
      input_uri: run.root.inputUri,
      output_base: run.outputBase,
      start_time: run.startTime,
      deliveries: 1,
    });
    expect(Buffer.from(run.root.task?.spec ?? []).equals(leased?.spec ?? Buffer.of())).toBe(true);
  });

  it("is not given again while it is held, and is given again once it has run out", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme"));
    expect(await lease(store.database, worker, 5)).toHaveLength(1);
    expect(await lease(store.database, { ...worker, worker: "w2" }, 5)).toEqual([]);
    await expireLeases(store.database);
    const again = await lease(store.database, { ...worker, worker: "w2" }, 5);
    expect(again).toMatchObject([{ action: "a0", deliveries: 2 }]);
  });

  it("lasts as long as its worker extends it, and tells a worker what it has lost", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme"));
    await lease(store.database, worker, 5);
    await expireLeases(store.database);
    expect(await extendLeases(store.database, worker, [root])).toEqual([]);
    expect(await lease(store.database, { ...worker, worker: "w2" }, 5)).toEqual([]);
    await expireLeases(store.database);
    await lease(store.database, { ...worker, worker: "w2" }, 5);
    expect(await extendLeases(store.database, worker, [root])).toEqual([root]);
  });

  it("that was not delivered is due at once when it is given back", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme"));
    await lease(store.database, worker, 5);
    await returnLeases(store.database, worker, [root]);
    expect(await lease(store.database, { ...worker, worker: "w2" }, 5)).toHaveLength(1);
  });

  it("binds an action to its compute plane for good, so that no other runs it a second time", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme"));
    await lease(store.database, worker, 5);
    await expireLeases(store.database);
    expect(await lease(store.database, { ...worker, cluster: "c2" }, 5)).toEqual([]);
    expect(await extendLeases(store.database, { ...worker, cluster: "c2" }, [root])).toEqual([root]);
  });

  it("never gives another organisation's action", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme"));
    expect(await lease(store.database, { ...worker, org: "globex" }, 5)).toEqual([]);
  });

  it("stops at the worker's capacity, oldest first", async () => {
    await using store = await openTestStore();
    for (const run of ["one", "two", "three"])
      await insertRun(store.database, "acme", newRun("acme", { ...hello, run }));
    expect((await lease(store.database, worker, 2)).map(({ run }) => run)).toEqual(["one", "two"]);
    expect(await lease(store.database, worker, 2)).toEqual([]);
    expect((await lease(store.database, worker, 3)).map(({ run }) => run)).toEqual(["three"]);
  });

  it("of a parent that waits for children gives its place back", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme"));
    expect(names(await lease(store.database, worker, 1))).toEqual(["a0"]);
    await addChild(store, "acme", "n1");
    await addChild(store, "acme", "n2");
    expect(names(await lease(store.database, worker, 1))).toEqual(["n1"]);
    await applyReports(store.database, "acme", "c1", [report({ ...root, action: "n1" }, ActionPhase.SUCCEEDED)]);
    expect(names(await lease(store.database, worker, 1))).toEqual(["n2"]);
  });

  it("goes to what waiting parents wait for, before more parents than there are places wait beside each other", async () => {
    await using store = await openTestStore();
    const [capacity, roots] = [4, 30];
    for (let root = 0; root < roots; root++) await insertRun(store.database, "acme", newRun("acme", runOf(root)));
    // Each root begins a child, each child a grandchild: the pods of all that began and did not end are in the cluster.
    const open = new Set<string>();
    let most = 0;
    let finished = 0;
    for (let turn = 0; turn < 500 && finished < 3 * roots; turn++) {
      const taken = await lease(store.database, worker, capacity);
      for (const { action, ...key } of taken) {
        open.add(actionId({ ...key, action }));
        const child = { a0: "child", child: "grandchild" }[action];
        if (child) await addChild(store, "acme", child, action, key);
        else await end({ ...key, action });
      }
      most = Math.max(most, open.size);
      expect(taken.length, "nothing is left that could be taken: a deadlock").toBeGreaterThan(0);
    }
    expect([finished, open.size]).toEqual([3 * roots, 0]);
    expect(most).toBeLessThanOrEqual(4 * capacity);

    async function end(key: ActionKey) {
      await applyReports(store.database, "acme", "c1", [report(key, ActionPhase.SUCCEEDED, { outputUri: "s3://m/o" })]);
      open.delete(actionId(key));
      finished += 1;
      const above = { grandchild: "child", child: "a0" }[key.action];
      if (above) await end({ ...key, action: above });
    }
  });

  it("is taken oldest first while few parents wait, so that a wide run does not hold up the others", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme", runOf(1)));
    await lease(store.database, worker, 3);
    await insertRun(store.database, "acme", newRun("acme", runOf(2)));
    for (const child of ["n1", "n2", "n3"]) await addChild(store, "acme", child, "a0", runOf(1));
    expect((await lease(store.database, worker, 2)).map(({ run, action }) => [run, action])).toEqual([
      ["run2", "a0"],
      ["run1", "n1"],
    ]);
  });

  it("is still held between an attempt that failed and the next", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme"));
    await lease(store.database, worker, 5);
    await applyReports(store.database, "acme", "c1", [report(root, ActionPhase.FAILED, { retrying: true })]);
    expect(await extendLeases(store.database, worker, [root])).toEqual([]);
  });

  it("of an action that has ended is not given again", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme"));
    await lease(store.database, worker, 5);
    await applyReports(store.database, "acme", "c1", [report(root, ActionPhase.SUCCEEDED, { outputUri: "s3://m/o" })]);
    await expireLeases(store.database);
    expect(await lease(store.database, worker, 5)).toEqual([]);
    expect(await extendLeases(store.database, worker, [root])).toEqual([root]);
  });
});

describe("an abort", () => {
  it("ends an action that nobody has taken without telling any compute plane", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme"));
    expect(await abortAction(store.database, "acme", root, "not needed", someone)).toBe("aborted");
    expect(await lease(store.database, worker, 5)).toEqual([]);
    expect(await readCancellations(store.database, worker)).toEqual([]);
    expect(await queued(store.database)).toEqual([]);
    const read = await readAction(store.database, "acme", root);
    expect(read?.action).toMatchObject({
      phase: ActionPhase.ABORTED,
      abort_reason: "not needed",
      aborted_by: "someone",
    });
  });

  it("reaches every descendant, repeats its cancellations until they are obeyed, and spares what is not below it", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme"));
    await lease(store.database, worker, 9);
    for (const [name, parent] of [
      ["b", "a0"],
      ["c", "b"],
      ["d", "c"],
      ["e", "a0"],
    ] as const) {
      await addChild(store, "acme", name, parent);
    }
    expect(names(await lease(store.database, worker, 9))).toEqual(["b", "c", "d", "e"]);
    await applyReports(store.database, "acme", "c1", [report({ ...hello, action: "c" }, ActionPhase.RUNNING)]);
    await abortAction(store.database, "acme", { ...hello, action: "b" }, "enough", someone);

    expect(names(await readCancellations(store.database, worker))).toEqual(["b", "c", "d"]);
    expect(names(await readCancellations(store.database, { ...worker, cluster: "c2" }))).toEqual([]);
    const c = await readAction(store.database, "acme", { ...hello, action: "c" });
    expect(c?.attempts).toMatchObject([{ attempt: 1, phase: ActionPhase.ABORTED }]);
    expect((await readAction(store.database, "acme", { ...hello, action: "e" }))?.action.phase).toBe(
      ActionPhase.QUEUED,
    );

    await applyReports(store.database, "acme", "c1", [report({ ...hello, action: "c" }, ActionPhase.ABORTED)]);
    expect(names(await readCancellations(store.database, worker))).toEqual(["b", "d"]);
  });

  it("stays, whatever the compute plane says afterwards", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme"));
    await lease(store.database, worker, 5);
    await abortAction(store.database, "acme", root, "enough", someone);
    await applyReports(store.database, "acme", "c1", [report(root, ActionPhase.SUCCEEDED, { outputUri: "s3://m/o" })]);
    expect((await readAction(store.database, "acme", root))?.action).toMatchObject({
      phase: ActionPhase.ABORTED,
      output_uri: "",
    });
    expect(await readCancellations(store.database, worker)).toEqual([]);
  });

  it("is passed to the worker that comes after the one that was lost", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme"));
    await lease(store.database, worker, 5);
    await abortAction(store.database, "acme", root, "enough", someone);
    const next = { ...worker, worker: "w2" };
    expect(await readCancellations(store.database, next)).toEqual([]);
    await expireLeases(store.database);
    expect(names(await readCancellations(store.database, next))).toEqual(["a0"]);
    expect(await lease(store.database, next, 5)).toEqual([]);
  });

  it("of an action that does not exist is told apart, and of one that has ended changes nothing", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme"));
    expect(await abortAction(store.database, "acme", { ...root, action: "nope" }, "", someone)).toBe("not-found");
    expect(await abortAction(store.database, "globex", root, "", someone)).toBe("not-found");
    await abortAction(store.database, "acme", root, "first", someone);
    await abortAction(store.database, "acme", root, "second", someone);
    expect((await readAction(store.database, "acme", root))?.action.abort_reason).toBe("first");
  });

  it("leaves no child behind that was enqueued at the same moment", async () => {
    await using store = await openTestStore();
    for (let round = 0; round < 10; round += 1) {
      const key = { ...hello, run: `race${round}` };
      await insertRun(store.database, "acme", newRun("acme", key));
      const children = Array.from({ length: 8 }, (_, n) => addChild(store, "acme", `n${n}`, "a0", key));
      const abort = abortAction(store.database, "acme", { ...key, action: "a0" }, "now", someone);
      const answers = await Promise.all(children);
      await abort;
      const alive = await store.database.withOrg("acme", (transaction) =>
        transaction.query("select action from biplane.actions where run = $1 and phase <> $2", [
          key.run,
          ActionPhase.ABORTED,
        ]),
      );
      expect(alive).toEqual([]);
      expect(["created", "parent-ended"]).toEqual(expect.arrayContaining([...new Set(answers)]));
    }
  });
});

describe("an enqueue", () => {
  it("of a name that is there attaches to it and runs nothing twice", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme"));
    await lease(store.database, worker, 1);
    const twice = await Promise.all([1, 2, 3].map(() => addChild(store, "acme", "n1")));
    expect(twice.sort()).toEqual(["created", "exists", "exists"]);
    expect(names(await lease(store.database, worker, 9))).toEqual(["n1"]);
  });

  it("under a parent that has ended, or is not there, is refused", async () => {
    await using store = await openTestStore();
    await insertRun(store.database, "acme", newRun("acme"));
    expect(await addChild(store, "acme", "n1", "nope")).toBe("no-parent");
    expect(await addChild(store, "globex", "n1")).toBe("no-parent");
    await abortAction(store.database, "acme", root, "enough", someone);
    expect(await addChild(store, "acme", "n1")).toBe("parent-ended");
  });
});

describe("a run", () => {
  it("has its name once: of many that race for it one wins", async () => {
    await using store = await openTestStore();
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => insertRun(store.database, "acme", newRun("acme"))),
    );
    expect(answers.filter((answer) => answer === "created")).toHaveLength(1);
    expect(await insertRun(store.database, "globex", newRun("globex"))).toBe("created");
    expect(await lease(store.database, worker, 9)).toHaveLength(1);
  });
});
