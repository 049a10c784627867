/** A migrated database of a test's own, and runs, actions and triggers to put into it. */
import { create, toBinary } from "@bufbuild/protobuf";
import { Spec_DesiredState, SpecSchema } from "../../../../gen/flyteidl2/app/app_definition_pb.js";
import { ActionPhase } from "../../../../gen/flyteidl2/common/phase_pb.js";
import { SimpleType } from "../../../../gen/flyteidl2/core/types_pb.js";
import { TriggerAutomationSpecSchema } from "../../../../gen/flyteidl2/task/common_pb.js";
import { RunSpecSchema } from "../../../../gen/flyteidl2/task/run_pb.js";
import { TaskSpecSchema } from "../../../../gen/flyteidl2/task/task_definition_pb.js";
import { ActionType, ConditionActionSchema, RunSource } from "../../../../gen/flyteidl2/workflow/run_definition_pb.js";
import type { DatabaseConfig } from "../../../shared/config.ts";
import { clientConfig, type Database, openDatabase } from "../../../shared/postgres.ts";
import { recordingLog } from "../../../shared/testing/log.ts";
import type { TestDatabases } from "../../../shared/testing/postgres.ts";
import { sharedPostgres } from "../../../shared/testing/shared-postgres.ts";
import { createApp } from "../app-changes.ts";
import { tellPlane } from "../app-reports.ts";
import type { AppKey } from "../apps.ts";
import { enqueueChild, type NewAction, type TaskColumns } from "../enqueue.ts";
import { openHub } from "../hub.ts";
import type { RunKey } from "../keys.ts";
import type { NewRun } from "../runs.ts";
import { saveTrigger } from "../trigger-changes.ts";
import type { TriggerKey } from "../triggers.ts";

export interface TestStore extends AsyncDisposable {
  database: Database;
  hub: ReturnType<typeof openHub>;
  config: DatabaseConfig;
}

/** As the runtime role, over TLS. */
export async function openTestStore(postgres: TestDatabases = sharedPostgres()): Promise<TestStore> {
  const config = await postgres.database();
  const { log } = recordingLog();
  const database = openDatabase(config, "test", log);
  const hub = openHub({ connection: clientConfig(config, "test hub"), log });
  return {
    database,
    hub,
    config,
    async [Symbol.asyncDispose]() {
      await hub.close();
      await database.close();
    },
  };
}

export const hello: RunKey = { project: "demo", domain: "development", run: "hello" };
const baseOf = (org: string, { project, domain, run }: RunKey) => `s3://metadata/${org}/${project}/${domain}/${run}`;

export const helloTask: TaskColumns = {
  project: "demo",
  domain: "development",
  name: "env.hello",
  version: "v1",
  type: "python",
  shortName: "hello",
  environment: "env",
  spec: toBinary(TaskSpecSchema, create(TaskSpecSchema, { taskTemplate: { type: "python" }, shortName: "hello" })),
};

export function newRun(org: string, key: RunKey = hello): NewRun {
  return {
    key,
    source: RunSource.CLI,
    labels: { team: "red" },
    runSpec: toBinary(RunSpecSchema, create(RunSpecSchema)),
    outputBase: baseOf(org, key),
    startTime: new Date("2026-01-01T00:00:00Z"),
    overwriteCache: false,
    createdBy: { subject: "someone", kind: "application" },
    root: taskAction(`${baseOf(org, key)}/inputs`),
  };
}

function newChild(org: string, action: string, parent = "a0", key: RunKey = hello): NewAction {
  return { ...taskAction(`${baseOf(org, key)}/${action}/inputs.pb`), key: { ...key, action }, parent };
}

function taskAction(inputUri: string): Omit<NewAction, "key" | "parent"> {
  return {
    type: ActionType.TASK,
    group: "",
    task: helloTask,
    inputUri,
    cacheKey: "",
    phase: ActionPhase.QUEUED,
    outputUri: "",
  };
}

export function addChild(store: TestStore, org: string, action: string, parent = "a0", key: RunKey = hello) {
  return enqueueChild(store.database, org, newChild(org, action, parent, key), baseOf(org, key));
}

/** One that waits, below the root. Its time runs out at once, but nobody ends it unless told to. */
export function addCondition(store: TestStore, org: string, action: string, key: RunKey = hello) {
  const condition: NewAction = {
    ...{ key: { ...key, action }, parent: "a0", type: ActionType.CONDITION, group: "", shortName: "go" },
    detail: toBinary(
      ConditionActionSchema,
      create(ConditionActionSchema, { name: "go", type: { type: { case: "simple", value: SimpleType.BOOLEAN } } }),
    ),
    ...{ inputUri: `${baseOf(org, key)}/${action}/inputs.pb`, cacheKey: "", outputUri: "" },
    ...{ phase: ActionPhase.PAUSED, dueAt: new Date() },
  };
  return enqueueChild(store.database, org, condition, baseOf(org, key));
}

const helloApp: AppKey = { project: "demo", domain: "development", name: "hello" };

/** Once, on a plane of the organisation that serves apps. */
export async function addApp({ database }: Pick<TestStore, "database">, org: string, key = helloApp) {
  await tellPlane(database, org, "main", `apps.${org}.test`);
  const app = {
    ...{ key, host: `${key.name}-${key.project}-${key.domain}`, desiredState: Spec_DesiredState.ACTIVE },
    ...{ spec: toBinary(SpecSchema, create(SpecSchema)), meta: new Uint8Array() },
  };
  await createApp(database, org, app, { subject: "someone", kind: "application" });
}

const helloTrigger: TriggerKey = { project: "demo", domain: "development", task: "hello", name: "hello" };

/** Once more where it is there, and again where it was deleted. Due at once. */
export async function addTrigger({ database }: Pick<TestStore, "database">, org: string, key = helloTrigger) {
  const trigger = {
    ...{ key, active: true, taskVersion: "v1", description: "" },
    runSpec: toBinary(RunSpecSchema, create(RunSpecSchema)),
    automation: toBinary(TriggerAutomationSpecSchema, create(TriggerAutomationSpecSchema)),
    ...{ inputUri: `s3://metadata/${org}/demo/development/inputs/0123`, inputsHash: "", firstDue: new Date() },
  };
  const by = { subject: "someone", kind: "application" as const };
  await database.withOrg(org, (transaction) => saveTrigger(transaction, org, trigger, by));
}
