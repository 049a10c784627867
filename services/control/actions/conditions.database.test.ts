import { type Client, Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ActionsService } from "../../../gen/flyteidl2/actions/actions_service_pb.js";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { SimpleType } from "../../../gen/flyteidl2/core/types_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import type { ActionUpdate } from "../../../gen/flyteidl2/workflow/state_service_pb.js";
import { everywhere, staffRoles } from "../../shared/auth/permissions.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { abortAction } from "../store/abort.ts";
import { lease } from "../store/queue.ts";
import { applyReports, type KeyedReport } from "../store/reports.ts";
import { openTestStore, type TestStore } from "../store/testing/fixtures.ts";
import { enqueueCondition, literal, simple } from "./testing/conditions.ts";
import { type InProcess, serveInProcess } from "./testing/in-process.ts";
import { actionId, createRun, enqueueTask, runId } from "./testing/requests.ts";
import { endDue } from "./timeouts.ts";

let store: TestStore;
let served: InProcess;
beforeAll(async () => {
  store = await openTestStore();
  served = await serveInProcess(store);
});
afterAll(() => store[Symbol.asyncDispose]());

const refused = (code: Code, message: RegExp) => ({ code, message: expect.stringMatching(message) });
const actions = (): Client<typeof ActionsService> => served.as(ActionsService, { role: "task", sub: "acme-tasks" });
const runs = (claims = {}) => served.as(RunService, claims);
const yes = { value: { case: "boolValue" as const, value: true } };
const no = { value: { case: "boolValue" as const, value: false } };

/** A run whose root asks once, as `c1`. */
async function asking(run: string, more: Parameters<typeof enqueueCondition>[2] = {}) {
  await runs().createRun(createRun(run));
  await actions().enqueue(enqueueCondition(run, "c1", more));
  return actionId(run, "c1");
}

const details = async (run: string, action = "c1", claims = {}) => {
  const { details: found } = await runs(claims).getActionDetails({ actionId: actionId(run, action) });
  if (!found) throw new Error("no details");
  return found;
};
const phaseOf = async (run: string, action = "c1") => (await details(run, action)).status?.phase;

/** What a watch of the root says before its sentinel, and then until `done`. */
async function watch(run: string, done: (updates: ActionUpdate[]) => boolean, onSentinel = async () => {}) {
  const before: ActionUpdate[] = [];
  const after: ActionUpdate[] = [];
  const stop = new AbortController();
  let ready = false;
  const filter = { case: "parentActionId" as const, value: actionId(run) };
  for await (const { message } of actions().watchForUpdates({ filter }, { signal: stop.signal })) {
    if (message.case === "controlMessage" && !ready) {
      ready = true;
      await onSentinel();
    }
    if (message.case === "actionUpdate") (ready ? after : before).push(message.value);
    if (ready && done([...before, ...after])) break;
  }
  stop.abort();
  return { before, after };
}

/** As the compute plane tells of the run's root, or of another action that it runs. */
async function report(run: string, more: Partial<KeyedReport>, action = "a0") {
  await lease(store.database, { org: "acme", cluster: "c1", worker: "w1" }, 1000);
  const key = { project: "demo", domain: "development", run, action };
  const usual = { key, phase: ActionPhase.RUNNING, attempt: 1, at: new Date(), outputUri: "", retrying: false };
  await applyReports(store.database, "acme", "c1", [{ ...usual, ...more }]);
}

/** The database's own word, whatever services show. */
const kept = (run: string) =>
  store.database.withOrg("acme", (transaction) =>
    transaction.query<{ action: string; answer: Buffer | null; due_at: Date | null }>(
      "select action, answer, due_at from biplane.conditions where org = 'acme' and run = $1 order by action",
      [run],
    ),
  );

describe("a condition", () => {
  it("waits, is listed as one with the type of its answer, and no compute plane is asked", async () => {
    await asking("asked", { name: "go-on", type: simple(SimpleType.INTEGER) });
    const filters = [{ field: "action_type", values: ["3"] }];
    const { actions: listed } = await runs().listActions({ runId: runId("asked"), request: { filters } });
    expect(listed).toHaveLength(1);
    expect(listed[0]).toMatchObject({
      id: { name: "c1" },
      status: { phase: ActionPhase.PAUSED },
      metadata: { parent: "a0", spec: { value: { name: "go-on", type: simple(SimpleType.INTEGER) } } },
    });
    const { spec, result } = await details("asked");
    expect(spec).toMatchObject({ case: "condition", value: { prompt: "Go on?", description: "what it is about" } });
    expect(result.case).toBeUndefined();
    expect(await runs().getActionDataURIs({ actionId: actionId("asked", "c1") })).toMatchObject({
      ...{ inputsUri: "", outputsUri: "" },
    });
    const leased = await lease(store.database, { org: "acme", cluster: "c1", worker: "w2" }, 1000);
    expect(leased.filter(({ run }) => run === "asked").map(({ action }) => action)).toEqual(["a0"]);
    await expect(actions().enqueue(enqueueCondition("asked", "c1"))).rejects.toMatchObject({
      code: Code.AlreadyExists,
    });
  });

  it.each([
    ["bool", SimpleType.BOOLEAN, { case: "boolValue" as const, value: false }, literal(false)],
    ["int", SimpleType.INTEGER, { case: "intValue" as const, value: -7n }, literal(-7n)],
    ["float", SimpleType.FLOAT, { case: "floatValue" as const, value: 0.1 }, literal(0.1)],
    ["str", SimpleType.STRING, { case: "stringValue" as const, value: "é\0" }, literal("é\0")],
    ["strempty", SimpleType.STRING, { case: "stringValue" as const, value: "" }, literal("")],
  ])("of the type %s takes a person's answer to the parent that watches", async (name, type, value, expected) => {
    const run = `typed${name}`;
    const id = await asking(run, { type: simple(type) });
    const ended = (updates: ActionUpdate[]) => updates.length > 0;
    const { before, after } = await watch(run, ended, async () => {
      await runs({ sub: "ann", kind: "user" }).signalEvent({
        ...{ actionId: id, parentActionName: "a0", payload: { value } },
      });
    });
    expect(before).toEqual([]);
    expect(after).toMatchObject([{ actionId: id, phase: ActionPhase.SUCCEEDED, value: expected, outputUri: "" }]);
    const { result, status } = await details(run);
    expect(result).toMatchObject({
      case: "signalInfo",
      value: { signalledBy: { principal: { case: "user", value: { id: { subject: "ann" } } } }, output: expected },
    });
    expect(status?.endTime).toBeDefined();
  });

  it("that was answered before its parent watches comes with its answer before the sentinel", async () => {
    const id = await asking("early");
    await actions().signal({ actionId: id, parentActionName: "a0", value: literal(true) });
    const { before } = await watch("early", (updates) => updates.length > 0);
    expect(before).toMatchObject([{ actionId: id, phase: ActionPhase.SUCCEEDED, value: literal(true) }]);
  });

  it("that waits is not told to a parent that was started again, whose client would lose its answer", async () => {
    const id = await asking("again");
    await actions().enqueue(enqueueTask("again", "n1"));
    const { before, after } = await watch(
      "again",
      (updates) => updates.length > 1,
      async () => {
        await runs().signalEvent({ actionId: id, payload: yes });
      },
    );
    expect(before.map(({ actionId: told }) => told?.name)).toEqual(["n1"]);
    expect(after).toMatchObject([{ actionId: id, value: literal(true) }]);
  });

  it("takes one of many answers that come at once, and the same one again", async () => {
    const id = await asking("raced", { type: simple(SimpleType.INTEGER) });
    const given = (value: bigint) => ({ actionId: id, payload: { value: { case: "intValue" as const, value } } });
    const numbers = Array.from({ length: 8 }, (_, index) => BigInt(index));
    const answers = await Promise.allSettled(numbers.map((value) => runs().signalEvent(given(value))));
    const [first, ...more] = numbers.filter((_, index) => answers[index]?.status === "fulfilled");
    expect(more).toEqual([]);
    if (first === undefined) throw new Error("no answer was taken");
    for (const answer of answers.filter(({ status }) => status === "rejected")) {
      expect(answer).toMatchObject({ reason: refused(Code.FailedPrecondition, /has been given another answer/) });
    }
    expect((await details("raced")).result).toMatchObject({ value: { output: literal(first) } });
    await runs().signalEvent(given(first));
  });

  const text = (length: number) => ({
    payload: { value: { case: "stringValue" as const, value: "x".repeat(length) } },
  });
  it("takes a text of 1,024 bytes, and the database itself no more", async () => {
    const id = await asking("long", { type: simple(SimpleType.STRING) });
    await runs().signalEvent({ actionId: id, ...text(1024) });
    const [row] = await kept("long");
    expect(row?.answer?.length).toBeLessThanOrEqual(1040);
    const longer = store.database.withOrg("acme", (transaction) =>
      transaction.query("update biplane.conditions set answer = $1 where org = 'acme' and run = 'long'", [
        Buffer.alloc(1041),
      ]),
    );
    await expect(longer).rejects.toMatchObject({ constraint: "answer_is_short" });
  });

  it.each([
    [
      "of another type",
      {},
      { payload: { value: { case: "intValue" as const, value: 1n } } },
      Code.InvalidArgument,
      /the answer's type is "INTEGER"; allowed: BOOLEAN/,
    ],
    ["that is none", {}, {}, Code.InvalidArgument, /payload is missing; allowed: a bool, an int, a float or a string/],
    [
      "of 1,025 bytes",
      { type: simple(SimpleType.STRING) },
      text(1025),
      Code.InvalidArgument,
      /the answer is "1025 bytes"; allowed: at most 1024/,
    ],
    [
      "for another parent",
      {},
      { parentActionName: "n1", payload: yes },
      Code.NotFound,
      /the action c1 of the run .* under n1 does not exist/,
    ],
    [
      "to what is not there",
      {},
      { action: "c2", payload: yes },
      Code.NotFound,
      /the action c2 of the run .* does not exist/,
    ],
    [
      "to a task",
      {},
      { action: "a0", payload: yes },
      Code.FailedPrecondition,
      /the action a0 of the run .* is no condition/,
    ],
    ["of a viewer", {}, { claims: { role: "viewer" }, payload: yes }, Code.PermissionDenied, /create_flyte_executions/],
    [
      "of another organisation",
      {},
      { claims: { org: "globex" }, payload: yes },
      Code.PermissionDenied,
      /not the caller's/,
    ],
    [
      "of another organisation that it does not tell",
      {},
      { claims: { org: "globex" }, org: "", payload: yes },
      Code.NotFound,
      /does not exist/,
    ],
  ])("is not ended by an answer %s", async (what, asked, given, code, message) => {
    const run = `not${what.replaceAll(/[^a-z]/g, "").slice(0, 26)}`;
    await asking(run, asked);
    const { claims, action, org, ...rest } = { claims: {}, org: "acme", action: "c1", ...given };
    const answer = runs(claims).signalEvent({ actionId: actionId(run, action, org), ...rest });
    await expect(answer).rejects.toMatchObject(refused(code, message));
    expect(await phaseOf(run)).toBe(ActionPhase.PAUSED);
  });

  it("shows what it asks and was answered to none of those who may see only how runs stand", async () => {
    const id = await asking("private");
    await runs().signalEvent({ actionId: id, payload: no });
    const support = await serveInProcess(store, async () => ({
      grants: [{ permissions: staffRoles.support, ...everywhere }],
    }));
    const { details: seen } = await support.as(RunService).getActionDetails({ actionId: id });
    expect(seen?.spec).toMatchObject({ case: "condition", value: { name: "go", prompt: "", description: "" } });
    if (seen?.result.case !== "signalInfo") throw new Error("no signal info");
    expect(seen.result.value.signalledBy?.principal.value?.id?.subject).toBe("someone");
    expect(seen.result.value.output).toBeUndefined();
  });
});

describe("a condition's time", () => {
  const timeout = { seconds: 60n, nanos: 0 };
  const { log } = recordingLog();
  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000);
  const round = (now: Date) => endDue({ database: store.database, log }, now);

  it("ends it once, whoever looks, when it has run out and not before", async () => {
    const id = await asking("late", { timeout });
    await asking("patient");
    expect(await round(inSeconds(30))).toBe(0);
    const { after: told } = await watch(
      "late",
      (updates) => updates.length > 0,
      async () => {
        const ended = await Promise.all(Array.from({ length: 4 }, () => round(inSeconds(61))));
        expect(ended.reduce((sum, count) => sum + count, 0)).toBe(1);
      },
    );
    expect(told).toMatchObject([{ phase: ActionPhase.TIMED_OUT, error: { code: "ConditionTimedOut" } }]);
    expect((await details("late")).result).toMatchObject({ case: "errorInfo", value: { code: "ConditionTimedOut" } });
    await expect(runs().signalEvent({ actionId: id, payload: yes })).rejects.toMatchObject(
      refused(Code.FailedPrecondition, /the action c1 of the run late has ended: TIMED_OUT/),
    );
    expect(await phaseOf("patient")).toBe(ActionPhase.PAUSED);
    expect(await kept("late")).toEqual([{ action: "c1", answer: null, due_at: null }]);
  });

  it("passes what has been answered, or was aborted, and looks at it no more", async () => {
    const id = await asking("answered", { timeout });
    await runs().signalEvent({ actionId: id, payload: yes });
    const aborted = await asking("aborted", { timeout });
    await actions().abort({ actionId: aborted, reason: "not needed" });
    expect(await round(inSeconds(120))).toBe(0);
    expect([await phaseOf("answered"), await phaseOf("aborted")]).toEqual([ActionPhase.SUCCEEDED, ActionPhase.ABORTED]);
    expect(await kept("aborted")).toEqual([{ action: "c1", answer: null, due_at: null }]);
  });

  it("and an answer at the same moment leave one end", async () => {
    const names = Array.from({ length: 12 }, (_, index) => `tie${index}`);
    for (const name of names) await asking(name, { timeout });
    const [, ...answers] = await Promise.allSettled([
      round(inSeconds(61)),
      ...names.map((name) => runs().signalEvent({ actionId: actionId(name, "c1"), payload: yes })),
    ]);
    await round(inSeconds(61));
    const phases = await Promise.all(names.map((name) => phaseOf(name)));
    const expected = answers.map(({ status }) =>
      status === "fulfilled" ? ActionPhase.SUCCEEDED : ActionPhase.TIMED_OUT,
    );
    expect(phases).toEqual(expected);
  });
});

describe("the end of who asked", () => {
  it.each([
    ["SUCCEEDED", { phase: ActionPhase.SUCCEEDED }],
    ["FAILED", { phase: ActionPhase.FAILED, error: { code: "ValueError", message: "boom", kind: 1 } }],
  ])("as %s ends what still waits, and forgets the answers", async (name, end) => {
    const run = `ended${name.toLowerCase()}`;
    await asking(run);
    await actions().enqueue(enqueueCondition(run, "c2"));
    await runs().signalEvent({ actionId: actionId(run, "c1"), payload: yes });
    // An attempt that another follows will ask for it again.
    await report(run, { phase: ActionPhase.FAILED, retrying: true });
    expect((await kept(run)).map(({ answer }) => answer === null)).toEqual([false, true]);
    await report(run, { attempt: 2, ...end });
    const { result, status } = await details(run, "c2");
    expect(status?.phase).toBe(ActionPhase.ABORTED);
    expect(result).toMatchObject({ case: "abortInfo", value: { reason: `its parent action a0 ended: ${name}` } });
    expect(await kept(run)).toEqual([
      { action: "c1", answer: null, due_at: null },
      { action: "c2", answer: null, due_at: null },
    ]);
    const { result: forgotten } = await details(run, "c1");
    expect(forgotten).toMatchObject({
      case: "signalInfo",
      value: { signalledBy: { principal: { case: "application" } } },
    });
    await expect(runs().signalEvent({ actionId: actionId(run, "c1"), payload: yes })).rejects.toMatchObject(
      refused(Code.FailedPrecondition, /has ended: SUCCEEDED/),
    );
  });

  it("by an abort of the run reaches what waits below any of its actions", async () => {
    await asking("abandoned");
    await actions().enqueue(enqueueTask("abandoned", "n1"));
    await actions().enqueue(enqueueCondition("abandoned", "c2", {}, "n1"));
    await actions().enqueue(enqueueCondition("abandoned", "c3", {}, "n1"));
    await runs().signalEvent({ actionId: actionId("abandoned", "c3"), payload: yes });
    await runs().abortRun({ runId: runId("abandoned"), reason: "enough" });
    expect(await Promise.all(["c1", "c2", "c3"].map((name) => phaseOf("abandoned", name)))).toEqual([
      ActionPhase.ABORTED,
      ActionPhase.ABORTED,
      ActionPhase.SUCCEEDED,
    ]);
    expect((await kept("abandoned")).map(({ answer }) => answer)).toEqual([null, null, null]);
    await expect(actions().enqueue(enqueueCondition("abandoned", "c4"))).rejects.toMatchObject({ code: Code.Aborted });
  });

  it("never leaves one that waits, even if it is asked at that moment", async () => {
    const names = Array.from({ length: 20 }, (_, index) => `brink${index}`);
    for (const name of names) {
      await runs().createRun(createRun(name));
      await report(name, {});
    }
    await Promise.allSettled(
      names.flatMap((name, index) => [
        actions().enqueue(enqueueCondition(name, "c1")),
        index % 2 === 0
          ? report(name, { phase: ActionPhase.SUCCEEDED })
          : abortAction(
              store.database,
              "acme",
              { project: "demo", domain: "development", run: name, action: "a0" },
              "x",
              {
                ...{ subject: "someone", kind: "user" },
              },
            ),
      ]),
    );
    const filters = [{ field: "phase", values: [String(ActionPhase.PAUSED)] }];
    for (const name of names) {
      expect(await phaseOf(name, "a0"), name).not.toBe(ActionPhase.RUNNING);
      const { actions: waiting } = await runs().listActions({ runId: runId(name), request: { filters } });
      expect(waiting, name).toEqual([]);
    }
  });
});
