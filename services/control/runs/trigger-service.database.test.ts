import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Filter_Function, Sort_Direction } from "../../../gen/flyteidl2/common/list_pb.js";
import { TriggerAutomationSpecType } from "../../../gen/flyteidl2/task/common_pb.js";
import { TaskService } from "../../../gen/flyteidl2/task/task_service_pb.js";
import { TriggerRevisionAction as Action } from "../../../gen/flyteidl2/trigger/trigger_definition_pb.js";
import { TriggerService } from "../../../gen/flyteidl2/trigger/trigger_service_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { type InProcess, serveInProcess } from "../actions/testing/in-process.ts";
import { openTestStore, type TestStore } from "../store/testing/fixtures.ts";
import { deployTask, inputs, inputsIn, nightly, taskId, taskSpecOf, triggerName } from "./testing/triggers.ts";

let store: TestStore;
let served: InProcess;
beforeAll(async () => {
  store = await openTestStore();
  served = await serveInProcess(store);
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
});

const refused = (code: Code, message: RegExp) => ({ code, message: expect.stringMatching(message) });
const triggers = () => served.as(TriggerService);

describe("triggers that are deployed with their task", () => {
  it("are there with it, with their schedule, settings and inputs, deployed by the caller", async () => {
    await deployTask(served, "env.with", "v1", [
      nightly("nightly", { runSpec: { labels: { values: { team: "red" } } } }),
      {
        name: "by-hand",
        spec: { inputWrapper: inputs },
        automationSpec: { type: TriggerAutomationSpecType.TYPE_NONE },
      },
    ]);
    const { trigger } = await triggers().getTriggerDetails({ name: triggerName("env.with", "nightly") });
    expect(trigger).toMatchObject({
      id: { name: { org: "acme", project: "demo", domain: "development", taskName: "env.with" }, revision: 1n },
      metadata: { deployedBy: { principal: { value: { id: { subject: "someone" } } } } },
      spec: { active: true, taskVersion: "v1", runSpec: { labels: { values: { team: "red" } } } },
      automationSpec: { automation: { value: { expression: { value: { expression: "0 2 * * *" } } } } },
      description: "every night",
    });
    const { uri } = inputs.value;
    expect(trigger?.spec?.inputWrapper).toMatchObject({ case: "offloadedInputData", value: { uri, inputsHash: "" } });
    expect(trigger?.status?.triggeredAt).toBeUndefined();
    const byHand = await triggers().getTriggerDetails({ name: triggerName("env.with", "by-hand") });
    expect(byHand.trigger?.spec?.active).toBe(false);
  });

  it("bring inputs that came inline to the customer's store, for the task that is deployed with them", async () => {
    const put: unknown[] = [];
    const asked = await serveInProcess(store, undefined, {
      async put({ org }, { project }, spec, inline) {
        put.push([org, project, spec.taskTemplate?.id?.name, inline.context.map(({ key }) => key)]);
        return { $typeName: "flyteidl2.common.OffloadedInputData", uri: inputs.value.uri, inputsHash: "put" };
      },
    });
    const inline = { case: "inputs" as const, value: { context: [{ key: "_u_kickoff_time_input_arg", value: "at" }] } };
    await deployTask(asked, "env.inline", "v1", [nightly("nightly", { inputWrapper: inline })]);
    expect(put).toEqual([["acme", "demo", "env.inline", ["_u_kickoff_time_input_arg"]]]);
    const { trigger } = await triggers().getTriggerDetails({ name: triggerName("env.inline", "nightly") });
    expect(trigger?.spec?.inputWrapper.value).toMatchObject({ uri: inputs.value.uri });
  });

  it("are renewed by a new version, and left alone by one that is there", async () => {
    await deployTask(served, "env.renewed", "v1", [nightly("nightly")]);
    await triggers().updateTriggers({ names: [triggerName("env.renewed", "nightly")], active: false });
    const again = deployTask(served, "env.renewed", "v1", [nightly("nightly")]);
    await expect(again).rejects.toMatchObject({ code: Code.AlreadyExists });
    const name = triggerName("env.renewed", "nightly");
    expect((await triggers().getTriggerDetails({ name })).trigger).toMatchObject({
      id: { revision: 2n },
      spec: { active: false, taskVersion: "v1" },
    });
    await deployTask(served, "env.renewed", "v2", [nightly("nightly")]);
    expect((await triggers().getTriggerDetails({ name })).trigger).toMatchObject({
      id: { revision: 3n },
      spec: { active: true, taskVersion: "v2" },
    });
  });

  it("leave neither task nor trigger where one of them is refused", async () => {
    const wrong = [nightly("good"), nightly("wrong", {}, "61 * * * *")];
    const deployed = deployTask(served, "env.refused", "v1", wrong);
    await expect(deployed).rejects.toMatchObject(refused(Code.InvalidArgument, /cron expression is "61 \* \* \* \*"/));
    const task = served.as(TaskService).getTaskDetails({ taskId: taskId("env.refused", "v1") });
    await expect(task).rejects.toMatchObject({ code: Code.NotFound });
    const good = triggers().getTriggerDetails({ name: triggerName("env.refused", "good") });
    await expect(good).rejects.toMatchObject({ code: Code.NotFound });
  });

  it("have their inputs below the caller's own project and nowhere else", async () => {
    const elsewhere = {
      case: "offloadedInputData" as const,
      value: { uri: "s3://metadata/globex/demo/development/x" },
    };
    const deployed = deployTask(served, "env.elsewhere", "v1", [nightly("nightly", { inputWrapper: elsewhere })]);
    await expect(deployed).rejects.toMatchObject(
      refused(Code.InvalidArgument, /allowed: s3:.*acme\/demo\/development/),
    );
    const hash = { case: "offloadedInputData" as const, value: { ...inputs.value, inputsHash: "a secret, in words" } };
    const told = deployTask(served, "env.elsewhere", "v1", [nightly("nightly", { inputWrapper: hash })]);
    await expect(told).rejects.toMatchObject(refused(Code.InvalidArgument, /inputs_hash .* allowed: a hash/));
  });
});

describe("a trigger that is deployed by itself", () => {
  const name = triggerName("env.alone", "hourly");
  const spec = { taskVersion: "v1", active: true, inputWrapper: inputs };
  const { automationSpec } = nightly("hourly");

  it("needs its task, and goes on from the revision that the caller knows", async () => {
    const early = triggers().deployTrigger({ name, spec, automationSpec });
    await expect(early).rejects.toMatchObject(refused(Code.NotFound, /the task env.alone, version v1 does not exist/));
    await served.as(TaskService).deployTask({ taskId: taskId("env.alone", "v1"), spec: taskSpecOf("env.alone", "v1") });
    // What is not there yet has no revision that could be wrong.
    const first = await triggers().deployTrigger({ name, revision: 7n, spec, automationSpec });
    expect(first.trigger?.id?.revision).toBe(1n);
    const unseen = await triggers().deployTrigger({ name, spec, automationSpec });
    expect(unseen.trigger?.id?.revision).toBe(2n);
    const stale = triggers().deployTrigger({ name, revision: 1n, spec, automationSpec });
    await expect(stale).rejects.toMatchObject(refused(Code.Aborted, /hourly is at revision 2, not 1/));
    const known = await triggers().deployTrigger({ name, revision: 2n, spec, automationSpec });
    expect(known.trigger?.id?.revision).toBe(3n);
  });

  it("is deployed by many at once, each with a revision of its own", async () => {
    const together = triggerName("env.alone", "together");
    const all = await Promise.all(
      Array.from({ length: 8 }, () => triggers().deployTrigger({ name: together, spec, automationSpec })),
    );
    const { triggers: history } = await triggers().getTriggerRevisionHistory({ name: together });
    expect(history.map(({ id }) => Number(id?.revision)).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(all.length).toBe(8);
  });
});

describe("a trigger's life", () => {
  const name = triggerName("env.life", "nightly");

  it("is a history of revisions, each with who did what", async () => {
    await deployTask(served, "env.life", "v1", [nightly("nightly")]);
    const other = served.as(TriggerService, { sub: "another" });
    await other.updateTriggers({ names: [name], active: false });
    // What is so already is no revision.
    await other.updateTriggers({ names: [name], active: false });
    await triggers().updateTriggers({ names: [name], active: true });
    await triggers().deleteTriggers({ names: [name] });
    await expect(triggers().getTriggerDetails({ name })).rejects.toMatchObject(
      refused(Code.NotFound, /the trigger nightly of the task env.life does not exist/),
    );
    await expect(triggers().updateTriggers({ names: [name], active: true })).rejects.toMatchObject({
      code: Code.NotFound,
    });
    const sortBy = { key: "revision", direction: Sort_Direction.ASCENDING };
    const { triggers: history } = await triggers().getTriggerRevisionHistory({ name, request: { sortBy } });
    expect(history.map(({ action }) => action)).toEqual([
      Action.DEPLOY,
      Action.DEACTIVATE,
      Action.ACTIVATE,
      Action.DELETE,
    ]);
    const by = history.map(({ metadata }) => metadata?.updatedBy?.principal.value?.id?.subject);
    expect(by).toEqual(["someone", "another", "someone", "someone"]);
    const author = history.map(({ metadata }) => metadata?.deployedBy?.principal.value?.id?.subject);
    expect(new Set(author)).toEqual(new Set(["someone"]));
    const { trigger: paused } = await triggers().getTriggerRevisionDetails({ id: { name, revision: 2n } });
    expect(paused).toMatchObject({ id: { revision: 2n }, spec: { active: false, taskVersion: "v1" } });
    const never = triggers().getTriggerRevisionDetails({ id: { name, revision: 9n } });
    await expect(never).rejects.toMatchObject({ code: Code.NotFound });

    const { trigger } = await triggers().deployTrigger({
      name,
      spec: { taskVersion: "v1", active: true, inputWrapper: inputs },
    });
    expect(trigger).toMatchObject({ id: { revision: 5n } });
    expect(trigger?.status?.deletedAt).toBeUndefined();
  });

  it("changes for all that are named or for none", async () => {
    await deployTask(served, "env.all", "v1", [nightly("one"), nightly("two")]);
    const names = [triggerName("env.all", "one"), triggerName("env.all", "gone"), triggerName("env.all", "two")];
    await expect(triggers().deleteTriggers({ names })).rejects.toMatchObject(
      refused(Code.NotFound, /the trigger gone/),
    );
    await expect(triggers().updateTriggers({ names, active: false })).rejects.toMatchObject({ code: Code.NotFound });
    const { trigger } = await triggers().getTriggerDetails({ name: triggerName("env.all", "one") });
    expect(trigger).toMatchObject({ id: { revision: 1n }, spec: { active: true } });
    await expect(triggers().deleteTriggers({ names: [] })).rejects.toMatchObject(
      refused(Code.InvalidArgument, /names is 0; allowed: 1 to 100 triggers/),
    );
    const twice = [names[0], names[2], names[0]].map((one) => one ?? {});
    await triggers().deleteTriggers({ names: twice });
    const { triggers: left } = await triggers().listTriggers({
      scopeBy: { case: "taskName", value: { org: "acme", project: "demo", domain: "development", name: "env.all" } },
    });
    expect(left).toEqual([]);
  });
});

describe("lists of triggers", () => {
  const place = { org: "acme", project: "lists", domain: "development" };
  const project = { case: "projectId" as const, value: { organization: "acme", name: "lists", domain: "development" } };

  beforeAll(async () => {
    const inputWrapper = inputsIn(place);
    const one = nightly("one", { inputWrapper });
    await deployTask(served, "env.a", "v1", [one, nightly("two", { inputWrapper })], place);
    await deployTask(served, "env.b", "v1", [one, nightly("three", { inputWrapper, active: false })], place);
  });
  const namesOf = (found: { id?: { name?: { taskName: string; name: string } } }[]) =>
    found.map(({ id }) => `${id?.name?.taskName} ${id?.name?.name}`);

  it("are of a project, of a task, of a version of it, or of the organisation", async () => {
    const list = async (scopeBy: Parameters<ReturnType<typeof triggers>["listTriggers"]>[0]["scopeBy"]) =>
      namesOf(
        (await triggers().listTriggers({ ...(scopeBy ? { scopeBy } : {}), request: { limit: 1000 } })).triggers,
      ).sort();
    const all = ["env.a one", "env.a two", "env.b one", "env.b three"];
    expect(await list(project)).toEqual(all);
    expect(await list({ case: "taskName", value: { ...place, name: "env.a" } })).toEqual(all.slice(0, 2));
    expect(await list({ case: "taskId", value: { ...place, name: "env.a", version: "v1" } })).toEqual(all.slice(0, 2));
    expect(await list({ case: "taskId", value: { ...place, name: "env.a", version: "v2" } })).toEqual([]);
    expect(await list({ case: "org", value: "acme" })).toEqual(expect.arrayContaining(all));
  });

  it("are filtered, sorted and cut into pages that miss nothing", async () => {
    const active = { field: "active", function: Filter_Function.EQUAL, values: ["true"] };
    const sortBy = { key: "name", direction: Sort_Direction.ASCENDING };
    const request = { filters: [active], sortBy };
    const whole = namesOf((await triggers().listTriggers({ scopeBy: project, request })).triggers);
    expect(whole).toEqual(["env.a one", "env.b one", "env.a two"]);
    const paged: string[] = [];
    let token = "";
    do {
      const page = await triggers().listTriggers({ scopeBy: project, request: { ...request, limit: 1, token } });
      paged.push(...namesOf(page.triggers));
      token = page.token;
    } while (token);
    expect(paged).toEqual(whole);
    const odd = triggers().listTriggers({ request: { filters: [{ ...active, field: "run_spec" }] } });
    await expect(odd).rejects.toMatchObject(refused(Code.InvalidArgument, /filter is "run_spec"/));
  });

  it("of revisions are paged too", async () => {
    const name = { ...place, taskName: "env.a", name: "two" };
    for (const active of [false, true, false, true]) await triggers().updateTriggers({ names: [name], active });
    const seen: bigint[] = [];
    let token = "";
    do {
      const page = await triggers().getTriggerRevisionHistory({ name, request: { limit: 2, token } });
      seen.push(...page.triggers.map(({ id }) => id?.revision ?? 0n));
      token = page.token;
    } while (token);
    expect(seen).toEqual([5n, 4n, 3n, 2n, 1n]);
  });

  it("show another organisation nothing, whatever it asks for", async () => {
    const theirs = served.as(TriggerService, { org: "globex" });
    expect((await theirs.listTriggers({ scopeBy: { case: "org", value: "globex" } })).triggers).toEqual([]);
    const name = { ...place, org: "", taskName: "env.a", name: "one" };
    await expect(theirs.getTriggerDetails({ name })).rejects.toMatchObject({ code: Code.NotFound });
    expect((await theirs.getTriggerRevisionHistory({ name })).triggers).toEqual([]);
    await expect(theirs.deleteTriggers({ names: [name] })).rejects.toMatchObject({ code: Code.NotFound });
    await expect(theirs.listTriggers({ scopeBy: project })).rejects.toMatchObject({ code: Code.PermissionDenied });
  });
});

describe("a run that somebody starts as a trigger", () => {
  const name = triggerName("env.started", "nightly");
  const id = { case: "projectId" as const, value: { organization: "acme", name: "demo", domain: "development" } };

  it("takes the trigger's task, settings and inputs, and is found by it", async () => {
    const runSpec = { labels: { values: { team: "blue" } } };
    await deployTask(served, "env.started", "v1", [nightly("nightly", { active: false, runSpec })]);
    const runs = served.as(RunService);
    const task = { case: "triggerName" as const, value: name };
    const { run } = await runs.createRun({ id, task });
    expect(run?.labels).toEqual({ team: "blue" });
    expect(run?.action?.metadata).toMatchObject({
      triggerName: "nightly",
      triggerId: { name: { taskName: "env.started", name: "nightly" }, revision: 1n },
      spec: { value: { id: { name: "env.started", version: "v1" } } },
    });
    const { inputsUri } = await runs.getActionDataURIs({ actionId: run?.action?.id ?? {} });
    expect(inputsUri).toBe(inputs.value.uri);
    const { runs: found } = await runs.listRuns({ scopeBy: task });
    expect(found.map(({ action }) => action?.id?.run?.name)).toEqual([run?.action?.id?.run?.name]);
    const other = { case: "triggerName" as const, value: { ...name, name: "other" } };
    expect((await runs.listRuns({ scopeBy: other })).runs).toEqual([]);
    await expect(runs.createRun({ id, task: other })).rejects.toMatchObject({ code: Code.NotFound });
  });

  it("has the trigger's cache key, whether its inputs are named or left out, and no other's", async () => {
    const runs = served.as(RunService);
    const task = { case: "triggerName" as const, value: name };
    const { uri } = inputs.value;
    const given = [undefined, { uri }, { uri, inputsHash: "own" }, { uri: `${uri}4`, inputsHash: "" }];
    const made = await Promise.all(
      given.map((value) =>
        runs.createRun({ id, task, ...(value ? { inputWrapper: { case: "offloadedInputData", value } } : {}) }),
      ),
    );
    const keys = await store.database.withOrg("acme", (transaction) =>
      transaction.query<{ run: string; cache_key: string }>(
        "select run, cache_key from biplane.actions where org = 'acme'",
      ),
    );
    const keyOf = new Map(keys.map(({ run, cache_key }) => [run, cache_key]));
    const [left, named, own, other] = made.map(({ run }) => keyOf.get(run?.action?.id?.run?.name ?? ""));
    expect(left).not.toBe("");
    expect(named).toBe(left);
    expect(own).not.toBe(left);
    expect(other).toBe("");
  });

  it("stays in the trigger's own project", async () => {
    const elsewhere = { ...id, value: { ...id.value, domain: "production" } };
    const uri = "s3://metadata/acme/demo/production/inputs/1";
    const started = served.as(RunService).createRun({
      id: elsewhere,
      task: { case: "triggerName", value: name },
      inputWrapper: { case: "offloadedInputData", value: { uri } },
    });
    await expect(started).rejects.toMatchObject(
      refused(Code.InvalidArgument, /those of the trigger: demo, development/),
    );
  });
});
