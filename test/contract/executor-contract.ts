/**
 * What the control plane may rely on, whatever executor answers it. The real one is held to it on a real node, the
 * simulated one without: load that is driven by the simulated one is worth as much as this suite.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ActionError_Kind } from "../../gen/biplane/queue/v1/queue_pb.js";
import type { TaskTemplateSchema } from "../../gen/flyteidl2/core/tasks_pb.js";
import { type FakeQueue, fakeQueue } from "../../services/data/executor/testing/fake-queue.ts";

export interface ContractTask {
  seconds: number;
  /** Exit code of each attempt; the last one is that of all further attempts. @default [0] */
  exits?: number[];
  /** @default 0 */
  retries?: number;
}

export interface ContractSubject {
  template(task: ContractTask): MessageInitShape<typeof TaskTemplateSchema>;
  /** An executor, or another after the first was stopped: what was in its cluster is there still. */
  start(queue: FakeQueue): Promise<{ stop(): Promise<void> }>;
}

/** Its namespace is "executor-contract". */
export const contractProject = { project: "executor", domain: "contract" };

const patienceSeconds = 60;

export function executorContract(name: string, subject: ContractSubject): void {
  let queue: FakeQueue;
  let executor: { stop(): Promise<void> };

  beforeEach(async () => {
    queue = fakeQueue(contractProject);
    executor = await subject.start(queue);
  });
  afterEach(() => executor.stop());

  const fresh = () => `r${randomBytes(5).toString("hex")}`;
  const lease = (run: string, task: ContractTask, action?: string) =>
    queue.lease(action ? { run, action, parent: "a0" } : { run }, subject.template(task));
  const until = async (check: () => boolean) => {
    for (const end = Date.now() + patienceSeconds * 1_000; !check(); await sleep(50)) {
      if (Date.now() > end) throw new Error(`not so within ${patienceSeconds} s: ${check}`);
    }
  };
  const told = (run: string, word: string, action?: string) => until(() => queue.told(run, action).includes(word));
  /** The last that was told of an action. */
  const last = (run: string) => queue.reports.findLast(({ key }) => key?.run === run);
  const order = ["QUEUED#1", "WAITING_FOR_RESOURCES#1", "INITIALIZING#1", "RUNNING#1", "SUCCEEDED#1"];

  describe(`${name}: what it tells of an action`, () => {
    it("is in order, each transition once, and ends with the folder of the outputs", async () => {
      const run = fresh();
      lease(run, { seconds: 1 });
      await told(run, "SUCCEEDED#1");
      const words = queue.told(run);
      expect(words).toEqual(order.filter((word) => words.includes(word)));
      expect(words).toEqual(expect.arrayContaining(["QUEUED#1", "RUNNING#1"]));
      const times = queue.reports.flatMap(({ key, occurredAt }) =>
        key?.run === run && occurredAt ? [Number(occurredAt.seconds) * 1_000 + occurredAt.nanos / 1e6] : [],
      );
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(times).toHaveLength(words.length);
      expect(last(run)?.outputUri).toBe(`s3://meta/acme/executor/contract/${run}/a0/1`);
    });

    it("says of a failed attempt whether another follows, and begins that only after", async () => {
      const run = fresh();
      lease(run, { seconds: 0, exits: [3, 0], retries: 2 });
      await told(run, "SUCCEEDED#2");
      const words = queue.told(run);
      expect(words.filter((word) => /FAILED|SUCCEEDED/.test(word))).toEqual(["FAILED#1~", "SUCCEEDED#2"]);
      expect(words.indexOf("QUEUED#2")).toBeGreaterThan(words.indexOf("FAILED#1~"));
      expect(last(run)?.outputUri).toMatch(/\/a0\/2$/);
    });

    it("ends with an error that has a code, words and a kind, after as many attempts as were asked for", async () => {
      const run = fresh();
      lease(run, { seconds: 0, exits: [3], retries: 1 });
      await told(run, "FAILED#2");
      expect(last(run)).toMatchObject({ retrying: false, outputUri: "" });
      expect(last(run)?.error).toMatchObject({ code: "NonZeroExit", kind: ActionError_Kind.USER });
      expect(last(run)?.error?.message).toContain("exit code 3");
    });
  });

  describe(`${name}: an action that comes again`, () => {
    it("while it runs is not run twice", async () => {
      const run = fresh();
      lease(run, { seconds: 2 });
      await told(run, "RUNNING#1");
      lease(run, { seconds: 2 });
      await told(run, "SUCCEEDED#1");
      await sleep(500);
      expect(queue.told(run).filter((word) => word === "RUNNING#1")).toHaveLength(1);
    });

    it("after its end is answered with its end, and not run again", async () => {
      const run = fresh();
      lease(run, { seconds: 0 });
      await told(run, "SUCCEEDED#1");
      lease(run, { seconds: 0 });
      await until(() => queue.told(run).filter((word) => word === "SUCCEEDED#1").length === 2);
      expect(queue.told(run).every((word) => word.endsWith("#1"))).toBe(true);
    });
  });

  describe(`${name}: a cancellation`, () => {
    it("ends an action and all that it had begun", async () => {
      const run = fresh();
      lease(run, { seconds: 600 });
      await told(run, "RUNNING#1");
      lease(run, { seconds: 600 }, "child");
      await told(run, "RUNNING#1", "child");
      queue.cancel(run);
      await told(run, "ABORTED#1");
      await told(run, "ABORTED#1", "child");
    });

    it("of an action that it never heard of is answered all the same", async () => {
      const run = fresh();
      queue.cancel(run);
      await told(run, "ABORTED#1");
    });

    it("of an action that has ended does not change its end", async () => {
      const run = fresh();
      lease(run, { seconds: 0 });
      await told(run, "SUCCEEDED#1");
      const before = queue.told(run).length;
      queue.cancel(run);
      await until(() => queue.told(run).length > before);
      expect(queue.told(run).at(-1)).toBe("SUCCEEDED#1");
      expect(queue.told(run)).not.toContain("ABORTED#1");
    });
  });

  describe(`${name}: while the control plane is away`, () => {
    it("work goes on, and all of it is told afterwards, in order and once", async () => {
      const run = fresh();
      lease(run, { seconds: 1, exits: [3, 0], retries: 1 });
      await told(run, "RUNNING#1");
      queue.away = true;
      await sleep(4_000);
      const before = queue.told(run);
      expect(before.some((word) => word.startsWith("SUCCEEDED"))).toBe(false);
      queue.away = false;
      await told(run, "SUCCEEDED#2");
      const words = queue.told(run);
      expect(words.slice(0, before.length)).toEqual(before);
      expect(new Set(words).size).toBe(words.length);
      expect(words.indexOf("FAILED#1~")).toBeLessThan(words.indexOf("QUEUED#2"));
    });

    it("a restarted executor tells what its predecessor could not, and keeps the leases of what still runs", async () => {
      const [done, running] = [fresh(), fresh()];
      lease(done, { seconds: 1 });
      lease(running, { seconds: 14 });
      await Promise.all([done, running].map((run) => told(run, "RUNNING#1")));
      queue.away = true;
      await sleep(4_000);
      await executor.stop();
      queue.away = false;
      queue.extended.clear();
      executor = await subject.start(queue);
      await told(done, "SUCCEEDED#1");
      await until(() => queue.extended.has(`${running}-a0`));
      await told(running, "SUCCEEDED#1");
      // What was acknowledged may be told again; nothing is run again.
      const words = [...new Set(queue.told(running))];
      expect(words).toEqual(order.filter((word) => words.includes(word)));
    });
  });

  describe(`${name}: an action that is not its own`, () => {
    it("of another organisation is refused and never run", async () => {
      const run = fresh();
      queue.lease({ run, org: "globex" }, subject.template({ seconds: 0 }));
      await told(run, "FAILED#1");
      expect(queue.told(run)).toEqual(["FAILED#1"]);
      expect(last(run)?.error?.message).toContain("globex");
    });
  });
}
