import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FixedRateUnit, TriggerAutomationSpecType } from "../../../gen/flyteidl2/task/common_pb.js";
import { TriggerService } from "../../../gen/flyteidl2/trigger/trigger_service_pb.js";
import { RunSource } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { sha256 } from "../../shared/bootstrap.ts";
import { type Database, openDatabase } from "../../shared/postgres.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { type InProcess, serveInProcess } from "../actions/testing/in-process.ts";
import { databaseSink, readRecords } from "../audit/records.ts";
import { applicationStore } from "../identity/applications.ts";
import { openTestStore, type TestStore } from "../store/testing/fixtures.ts";
import { dueTriggers } from "../store/trigger-fires.ts";
import { fireDue, startScheduler } from "./scheduler.ts";
import { deployTask, inputs, inputsIn, nightly, triggerName } from "./testing/triggers.ts";

let store: TestStore;
let served: InProcess;
const { log, lines } = recordingLog();
const minute = 60_000;
const day = 24 * 60 * minute;
/** After every time that triggers of these tests are due for the first time. */
const tomorrow = new Date(Math.ceil(Date.now() / day) * day + day + 30 * minute);
/** 02:00 of the day after. */
const later = (days: number) => new Date(tomorrow.getTime() - 30 * minute + days * day + 2 * 60 * minute);

beforeAll(async () => {
  store = await openTestStore();
  served = await serveInProcess(store);
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
});
// Each test has what is due to itself.
beforeEach(async () => {
  await authors(["someone", "leaving"]);
  for (const org of ["acme", "globex"]) {
    await store.database.withOrg(org, (transaction) =>
      transaction.query("update biplane.triggers set active = false, due_at = null where org = $1", [org]),
    );
  }
  lines.length = 0;
});

async function authors(names: string[], role: "contributor" | "viewer" = "contributor"): Promise<void> {
  const secretSha256 = sha256("secret").toString("hex");
  await applicationStore(store.database).bootstrap(
    names.map((clientId) => ({ org: "acme", clientId, secretSha256, role, places: [] })),
  );
}

const round = (now: Date, database: Database = store.database) =>
  fireDue({ database, audit: databaseSink(database), log }, now);

async function runsOf(task: string, name: string) {
  const scopeBy = { case: "triggerName" as const, value: triggerName(task, name) };
  const { runs } = await served.as(RunService).listRuns({ scopeBy, request: { limit: 1000 } });
  const all = await Promise.all(
    runs.map(async ({ action }) => {
      const { details } = await served.as(RunService).getRunDetails({ runId: action?.id?.run ?? {} });
      const at = details?.runSpec?.runStartTime;
      return { action, details, at: new Date(Number(at?.seconds ?? 0n) * 1000) };
    }),
  );
  return all.toSorted((a, b) => a.at.getTime() - b.at.getTime());
}

/** Whatever the trigger is, as if its time had been left standing. */
async function overdue(task: string, at = new Date("2026-01-01T02:00Z")): Promise<void> {
  await store.database.withOrg("acme", async (transaction) => {
    await transaction.query("update biplane.triggers set due_at = $1 where org = 'acme' and task_name = $2", [
      at,
      task,
    ]);
    await transaction.query("update biplane.trigger_orgs set due_at = $1 where org = 'acme'", [at]);
  });
}

function fires(task: string) {
  return store.database.withOrg("acme", (transaction) =>
    transaction.query<{ name: string; due_at: Date; outcome: string; reason: string; run: string }>(
      "select name, due_at, outcome, reason, run from biplane.trigger_fires where org = 'acme' and task_name = $1 order by due_at",
      [task],
    ),
  );
}

describe("a trigger that is due", () => {
  it("starts one run in its author's name, with its own time, and is due again", async () => {
    await deployTask(served, "env.due", "v1", [
      nightly("nightly", { runSpec: { labels: { values: { team: "red" } } } }),
    ]);
    expect(await round(new Date())).toBe(0);
    expect(await round(later(0))).toBe(1);
    expect(await round(later(0))).toBe(0);
    const [run, ...more] = await runsOf("env.due", "nightly");
    expect(more).toEqual([]);
    expect(run?.at).toEqual(later(0));
    expect(run?.action).toMatchObject({
      metadata: {
        source: RunSource.SCHEDULE_TRIGGER,
        triggerName: "nightly",
        executedBy: { principal: { case: "application", value: { id: { subject: "someone" } } } },
        spec: { value: { id: { name: "env.due", version: "v1" } } },
      },
    });
    expect(run?.details?.runSpec?.labels?.values).toEqual({ team: "red" });
    const { trigger } = await served.as(TriggerService).getTriggerDetails({ name: triggerName("env.due", "nightly") });
    expect(Number(trigger?.status?.triggeredAt?.seconds) * 1000).toBe(later(0).getTime());
    expect(await round(later(1))).toBe(1);
    expect((await runsOf("env.due", "nightly")).map(({ at }) => at)).toEqual([later(0), later(1)]);
  });

  it("starts exactly one for each time, however many replicas look at once", async () => {
    const names = Array.from({ length: 10 }, (_, index) => `n${index}`);
    await deployTask(
      served,
      "env.replicas",
      "v1",
      names.map((name) => nightly(name)),
    );
    const replicas = Array.from({ length: 4 }, (_, index) => openDatabase(store.config, `replica ${index}`, log));
    try {
      for (const days of [0, 1, 2]) {
        const started = await Promise.all(replicas.map((database) => round(later(days), database)));
        // What one replica held while another looked is its own.
        expect(started.reduce((sum, one) => sum + one, 0)).toBe(names.length);
      }
      const all = await Promise.all(names.map((name) => runsOf("env.replicas", name)));
      for (const runs of all) expect(runs.map(({ at }) => at)).toEqual([later(0), later(1), later(2)]);
      expect((await fires("env.replicas")).length).toBe(3 * names.length);
    } finally {
      await Promise.all(replicas.map((database) => database.close()));
    }
  });

  it("fires once for all the times of an outage, as of the latest", async () => {
    const hourly = nightly("hourly", {}, "0 * * * *");
    const rate = { case: "rate" as const, value: { value: 15, unit: FixedRateUnit.MINUTE } };
    const steady = {
      name: "steady",
      spec: { active: true, inputWrapper: inputs },
      automationSpec: {
        type: TriggerAutomationSpecType.TYPE_SCHEDULE,
        automation: { case: "schedule" as const, value: { expression: rate } },
      },
    };
    await deployTask(served, "env.outage", "v1", [hourly, steady]);
    expect(await round(tomorrow)).toBe(2);
    const [latest] = await runsOf("env.outage", "hourly");
    expect(latest?.at).toEqual(new Date(tomorrow.getTime() - 30 * minute));
    const [step] = await runsOf("env.outage", "steady");
    expect(tomorrow.getTime() - (step?.at.getTime() ?? 0)).toBeLessThan(15 * minute + 1000);
    expect(await round(tomorrow)).toBe(0);
    expect(await round(new Date(tomorrow.getTime() + 30 * minute))).toBe(2);
  });

  it("is not fired while it is paused, and begins anew when it is activated", async () => {
    await deployTask(served, "env.paused", "v1", [nightly("nightly"), nightly("off", { active: false })]);
    const names = [triggerName("env.paused", "nightly")];
    await served.as(TriggerService).updateTriggers({ names, active: false });
    expect(await round(later(3))).toBe(0);
    await overdue("env.paused");
    expect(await round(later(3))).toBe(0);
    await served.as(TriggerService).updateTriggers({ names, active: true });
    // Nothing of what passed while it was paused is made up for.
    expect(await round(new Date())).toBe(0);
    expect(await round(later(0))).toBe(1);
    expect(await runsOf("env.paused", "off")).toEqual([]);
  });

  it("is not fired once it is deleted", async () => {
    await deployTask(served, "env.deleted", "v1", [nightly("nightly")]);
    await served.as(TriggerService).deleteTriggers({ names: [triggerName("env.deleted", "nightly")] });
    expect(await round(later(3))).toBe(0);
    await overdue("env.deleted");
    expect(await round(later(3))).toBe(0);
    expect(await fires("env.deleted")).toEqual([]);
  });

  it("keeps its time through a new version on the same schedule, and loses it with the schedule", async () => {
    await deployTask(served, "env.version", "v1", [nightly("same"), nightly("other")]);
    const soon = { case: "rate" as const, value: { value: 30, unit: FixedRateUnit.DAY } };
    const other = {
      ...nightly("other"),
      automationSpec: { type: 2, automation: { case: "schedule" as const, value: { expression: soon } } },
    };
    // The time has come just before the new version does.
    await overdue("env.version");
    await deployTask(served, "env.version", "v2", [nightly("same"), other]);
    const due = await dueTriggers(store.database, "acme", new Date());
    expect(due.map(({ name }) => name)).toEqual(["same"]);
    expect(await round(new Date())).toBe(1);
    const [run] = await runsOf("env.version", "same");
    expect(run?.action?.metadata?.spec.value).toMatchObject({ id: { version: "v2" } });
  });

  it("gives each time a cache key of its own where the time is an input, and one key where it is none", async () => {
    const timed = nightly("timed", {}, "0 2 * * *", "at");
    await deployTask(served, "env.cached", "v1", [timed, nightly("plain")]);
    await round(later(0));
    await round(later(1));
    const keys = await store.database.withOrg("acme", (transaction) =>
      transaction.query<{ trigger_name: string; cache_key: string }>(
        `select distinct r.trigger_name, a.cache_key from biplane.runs r join biplane.actions a
           on a.org = r.org and a.project = r.project and a.domain = r.domain and a.run = r.run
         where r.org = 'acme' and r.trigger_task = 'env.cached'`,
      ),
    );
    expect(keys.map(({ trigger_name }) => trigger_name).sort()).toEqual(["plain", "timed", "timed"]);
    expect(keys.every(({ cache_key }) => cache_key !== "")).toBe(true);
  });
});

describe("a trigger's author", () => {
  const operation = "flyteidl2.workflow.RunService/CreateRun";
  const records = async (subject: string) =>
    (await readRecords(store.database, "acme", { subject, operation, limit: 100 })).map(
      ({ decision, resource, request_id }) => [decision, resource.replace(/t[0-9a-f]{18}/, "<run>"), request_id],
    );

  it("needs at that moment what a call would need: denied once gone or without the right, and recorded", async () => {
    await deployTask(served, "env.author", "v1", [nightly("nightly")], undefined, { sub: "leaving" });
    expect(await round(later(0))).toBe(1);
    await authors(["someone"]);
    expect(await round(later(1))).toBe(0);
    await authors(["someone", "leaving"], "viewer");
    expect(await round(later(2))).toBe(0);
    await authors(["someone", "leaving"]);
    expect(await round(later(3))).toBe(1);
    expect((await fires("env.author")).map(({ outcome }) => outcome)).toEqual(["run", "denied", "denied", "run"]);
    expect((await fires("env.author")).map(({ reason }) => reason)).toEqual([
      "",
      "the trigger's author is there no more",
      "CreateRun needs create_flyte_executions, which the caller was not granted",
      "",
    ]);
    const told = "demo/development/<run>, demo/development/nightly";
    expect(await records("leaving")).toEqual([
      ["allowed", told, `trigger:${later(3).toISOString()}`],
      ["denied", told, `trigger:${later(2).toISOString()}`],
      ["denied", told, `trigger:${later(1).toISOString()}`],
      ["allowed", told, `trigger:${later(0).toISOString()}`],
    ]);
  });

  it("is who deployed it last, whoever activates it", async () => {
    await deployTask(served, "env.last", "v1", [nightly("nightly", { active: false })], undefined, { sub: "leaving" });
    await served.as(TriggerService).updateTriggers({ names: [triggerName("env.last", "nightly")], active: true });
    await round(later(0));
    const [run] = await runsOf("env.last", "nightly");
    expect(run?.action?.metadata?.executedBy?.principal.value?.id?.subject).toBe("leaving");
  });
});

describe("what goes wrong", () => {
  it("is tried again where it may pass, keeps nothing of the first try, and keeps no other from its turn", async () => {
    await deployTask(served, "env.broken", "v1", [nightly("a-fails"), nightly("b-works")]);
    const broken = databaseSink(store.database);
    const audit: typeof broken = async (caller, entry) => {
      if (entry.resource.endsWith("/a-fails")) throw new Error("the records cannot be kept");
      return broken(caller, entry);
    };
    expect(await fireDue({ database: store.database, audit, log }, later(0))).toBe(1);
    expect((await fires("env.broken")).map(({ name }) => name)).toEqual(["b-works"]);
    expect(lines.join("\n")).toContain("a trigger could not be fired and will be tried again");
    expect(await round(later(0))).toBe(1);
    expect((await runsOf("env.broken", "a-fails")).map(({ at }) => at)).toEqual([later(0)]);
  });

  it("leaves what another replica holds to it, and fires what a replica dropped", async () => {
    await deployTask(served, "env.held", "v1", [nightly("nightly")]);
    const crashed = openDatabase(store.config, "crashed", log);
    const held = crashed.withOrg("acme", async (transaction) => {
      await transaction.query(
        "select 1 from biplane.triggers where org = 'acme' and task_name = 'env.held' for update",
      );
      expect(await round(later(0))).toBe(0);
      throw new Error("killed");
    });
    await expect(held).rejects.toThrow("killed");
    await crashed.close();
    expect(await round(later(0))).toBe(1);
  });

  it("is no time fired twice, even if the trigger's own row were put back", async () => {
    await deployTask(served, "env.twice", "v1", [nightly("nightly")]);
    await round(later(0));
    await overdue("env.twice", later(0));
    expect(await round(later(0))).toBe(0);
    expect((await runsOf("env.twice", "nightly")).length).toBe(1);
    expect(await round(later(1))).toBe(1);
  });
});

it("fires each organisation's triggers in that organisation only", async () => {
  const place = { org: "globex", project: "demo", domain: "development" };
  const theirs = { org: "globex", sub: "someone" };
  await deployTask(served, "env.theirs", "v1", [nightly("nightly", { inputWrapper: inputsIn(place) })], place, theirs);
  // An application of the name is acme's only.
  expect(await round(later(0))).toBe(0);
  const secretSha256 = sha256("secret").toString("hex");
  const role = "contributor" as const;
  await applicationStore(store.database).bootstrap([
    { org: "globex", clientId: "globex-app", secretSha256, role, places: [] },
  ]);
  await store.database.withOrg("globex", (transaction) =>
    transaction.query("update biplane.trigger_revisions set deployed_by = 'globex-app' where org = 'globex'"),
  );
  expect(await round(later(1))).toBe(1);
  expect(await runsOf("env.theirs", "nightly")).toEqual([]);
  const { runs } = await served.as(RunService, { org: "globex" }).listRuns({
    scopeBy: { case: "triggerName", value: { ...triggerName("env.theirs", "nightly"), org: "globex" } },
  });
  expect(runs.length).toBe(1);
});

it("lets no organisation wait for another's crowd: a round takes so many of each, and the next the rest", async () => {
  await deployTask(
    served,
    "env.crowd",
    "v1",
    Array.from({ length: 70 }, (_, index) => nightly(`n${index}`)),
  );
  await deployTask(
    served,
    "env.crowd2",
    "v1",
    Array.from({ length: 70 }, (_, index) => nightly(`n${index}`)),
  );
  const rounds = [await round(later(0)), await round(later(0)), await round(later(0))];
  expect(rounds).toEqual([100, 40, 0]);
});

it("runs by itself, and has ended what it began when it is closed", async () => {
  await deployTask(served, "env.loop", "v1", [nightly("nightly")]);
  await overdue("env.loop");
  const schedulers = [1, 2].map(() =>
    startScheduler({ database: store.database, audit: databaseSink(store.database), log }),
  );
  const until = Date.now() + 10_000;
  while ((await fires("env.loop")).length === 0 && Date.now() < until) await sleep(50);
  await Promise.all(schedulers.map((scheduler) => scheduler.close()));
  expect((await fires("env.loop")).map(({ outcome }) => outcome)).toEqual(["run"]);
  expect((await runsOf("env.loop", "nightly")).length).toBe(1);
});
