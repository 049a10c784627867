/** The platform's own task as the client looks it up, runs it, and cannot put another in its place. */
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildTask } from "../../../components/image-builder/contract.ts";
import { Filter_Function } from "../../../gen/flyteidl2/common/list_pb.js";
import { SimpleType } from "../../../gen/flyteidl2/core/types_pb.js";
import { TaskService } from "../../../gen/flyteidl2/task/task_service_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { type InProcess, serveInProcess } from "../actions/testing/in-process.ts";
import { createRun, taskSpec } from "../actions/testing/requests.ts";
import { openTestStore, type TestStore } from "../store/testing/fixtures.ts";

let store: TestStore;
let served: InProcess;
beforeAll(async () => {
  store = await openTestStore();
  served = await serveInProcess(store);
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
});

const { project, domain, name } = buildTask;
const tasks = () => served.as(TaskService);

function listed(asked: string) {
  const filters = [{ field: "name", function: Filter_Function.EQUAL, values: [asked] }];
  const value = { organization: "acme", name: project, domain };
  return tasks().listTasks({ request: { limit: 1, filters }, scopeBy: { case: "projectId", value } });
}

it("is found by its name where the client looks, and no other is there", async () => {
  const { tasks: found } = await listed(name);
  expect(found.map(({ taskId }) => taskId)).toMatchObject([{ org: "acme", project, domain, name }]);
  expect((await listed("other")).tasks).toEqual([]);
});

it("takes three texts and returns one, in whatever organisation", async () => {
  const {
    tasks: [found],
  } = await listed(name);
  const { details } = await tasks().getTaskDetails({ taskId: found?.taskId });
  const typed = details?.spec?.taskTemplate?.interface;
  const texts = (map = typed?.inputs) => map?.variables.map(({ key, value }) => [key, value?.type?.type.value]);
  expect(texts()).toEqual(["spec", "context", "target_image"].map((key) => [key, SimpleType.STRING]));
  expect(texts(typed?.outputs)).toEqual([["o0", SimpleType.STRING]]);
  const wrong = tasks().getTaskDetails({ taskId: { org: "acme", project, domain, name, version: "2" } });
  await expect(wrong).rejects.toMatchObject({ code: Code.NotFound });
});

it("runs in the caller's own project", async () => {
  const value = { org: "acme", project, domain, name, version: "1" };
  const { run } = await served.as(RunService).createRun(createRun("building", { task: { case: "taskId", value } }));
  expect(run?.action?.id?.run).toMatchObject({ project: "demo", domain: "development" });
  expect(run?.action?.metadata?.spec).toMatchObject({ case: "task", value: { id: { project, domain, name } } });
});

it("has no other beside it: nobody deploys into its place", async () => {
  const taskId = { org: "acme", project, domain, name, version: "9" };
  const deploying = tasks().deployTask({ taskId, spec: taskSpec });
  await expect(deploying).rejects.toMatchObject({ code: Code.InvalidArgument });
  expect((await listed(name)).tasks.map(({ taskId: found }) => found?.version)).toEqual(["1"]);
});
