import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Filter_Function, Sort_Direction } from "../../../gen/flyteidl2/common/list_pb.js";
import { ProjectService, ProjectState } from "../../../gen/flyteidl2/project/project_service_pb.js";
import { TaskService } from "../../../gen/flyteidl2/task/task_service_pb.js";
import { type InProcess, serveInProcess } from "../actions/testing/in-process.ts";
import { taskSpec } from "../actions/testing/requests.ts";
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

const refused = (code: Code, message: RegExp) => ({ code, message: expect.stringMatching(message) });

describe("TaskService", () => {
  const id = (name: string, version: string) => ({ ...taskSpec.taskTemplate.id, name, version });
  const specOf = (name: string, version: string, image = "task") => ({
    ...taskSpec,
    taskTemplate: {
      ...taskSpec.taskTemplate,
      id: id(name, version),
      target: { case: "container" as const, value: { image } },
    },
  });

  it("deploys a version once and tells a second time that it is there", async () => {
    const tasks = served.as(TaskService);
    await tasks.deployTask({ taskId: id("env.once", "v1"), spec: specOf("env.once", "v1") });
    const again = tasks.deployTask({ taskId: id("env.once", "v1"), spec: specOf("env.once", "v1") });
    await expect(again).rejects.toMatchObject(
      refused(Code.AlreadyExists, /the task env.once, version v1, already exists/),
    );
    const other = tasks.deployTask({ taskId: id("env.once", "v1"), spec: specOf("env.once", "v1", "another") });
    await expect(other).rejects.toMatchObject(
      refused(Code.AlreadyExists, /unlike this one, must be deployed under a new version/),
    );
    const { details } = await tasks.getTaskDetails({ taskId: id("env.once", "v1") });
    expect(details?.spec?.taskTemplate?.target.value).toMatchObject({ image: "task" });
    expect(details?.metadata).toMatchObject({ shortName: "hello", environmentName: "env" });
  });

  it("finds the latest version by name, as the client asks for it", async () => {
    const tasks = served.as(TaskService);
    for (const version of ["v1", "v3", "v2"]) {
      await tasks.deployTask({ taskId: id("env.many", version), spec: specOf("env.many", version) });
    }
    const { tasks: found } = await tasks.listTasks({
      scopeBy: { case: "projectId", value: { organization: "acme", name: "demo", domain: "development" } },
      request: {
        limit: 1,
        sortBy: { key: "created_at", direction: Sort_Direction.DESCENDING },
        filters: [{ field: "name", function: Filter_Function.EQUAL, values: ["env.many"] }],
      },
    });
    expect(found.map(({ taskId }) => taskId?.version)).toEqual(["v2"]);
    const { org, project, domain, name } = id("env.many", "");
    const { versions } = await tasks.listVersions({ taskName: { org, project, domain, name } });
    expect(versions.map(({ version }) => version)).toEqual(["v2", "v3", "v1"]);
    const elsewhere = {
      case: "projectId" as const,
      value: { organization: "acme", name: "demo", domain: "production" },
    };
    expect((await tasks.listTasks({ scopeBy: elsewhere })).tasks).toEqual([]);
  });

  it("shows nobody another organisation's tasks", async () => {
    await served.as(TaskService).deployTask({ taskId: id("env.mine", "v1"), spec: specOf("env.mine", "v1") });
    const theirs = served.as(TaskService, { org: "globex" });
    await expect(theirs.getTaskDetails({ taskId: { ...id("env.mine", "v1"), org: "" } })).rejects.toMatchObject(
      refused(Code.NotFound, /the task env.mine, version v1 does not exist/),
    );
    await expect(theirs.getTaskDetails({ taskId: id("env.mine", "v1") })).rejects.toMatchObject({
      code: Code.PermissionDenied,
    });
    expect((await theirs.listTasks({ scopeBy: { case: "org", value: "globex" } })).tasks).toEqual([]);
  });

  it("refuses what it cannot keep", async () => {
    const tasks = served.as(TaskService);
    const long = tasks.deployTask({ taskId: id("env.long", "v".repeat(64)), spec: taskSpec });
    await expect(long).rejects.toMatchObject(
      refused(Code.InvalidArgument, /task_id.version is .* allowed: 1 to 63 characters/),
    );
    const bare = tasks.deployTask({ taskId: id("env.bare", "v1") });
    await expect(bare).rejects.toMatchObject(refused(Code.InvalidArgument, /task_template is missing/));
  });
});

describe("ProjectService", () => {
  it("keeps projects of an organisation to it, active ones apart from archived", async () => {
    const projects = served.as(ProjectService);
    await projects.createProject({ project: { id: "alpha", description: "first" } });
    await projects.createProject({ project: { id: "beta" } });
    await expect(projects.createProject({ project: { id: "beta" } })).rejects.toMatchObject({
      code: Code.AlreadyExists,
    });
    await projects.updateProject({ project: { id: "beta", name: "Beta", state: ProjectState.ARCHIVED } });
    const list = async (filters: string, claims = {}) => {
      const answer = await served
        .as(ProjectService, claims)
        .listProjects({ limit: 100, filters, sortBy: { key: "name" } });
      return answer.projects?.projects.map(({ id }) => id);
    };
    expect(await list("contains(id, a)+eq(state, 0)")).toContain("alpha");
    expect(await list("eq(state, 0)")).not.toContain("beta");
    expect(await list("eq(state, 1)")).toEqual(["beta"]);
    expect(await list("eq(state, 0)", { org: "globex" })).toEqual([]);
    const { project } = await projects.getProject({ id: "alpha" });
    expect(project).toMatchObject({ id: "alpha", name: "alpha", description: "first", org: "acme" });
    expect(project?.domains.map(({ id }) => id)).toEqual(["development", "staging", "production"]);
  });

  it("learns of a project from a deployed task in it", async () => {
    const taskId = { ...taskSpec.taskTemplate.id, project: "fresh", domain: "development" };
    await served.as(TaskService).deployTask({ taskId, spec: taskSpec });
    const { project } = await served.as(ProjectService).getProject({ id: "fresh" });
    expect(project?.domains.map(({ id }) => id)).toEqual(["development"]);
  });

  it("refuses filters that it does not understand, and callers without the right", async () => {
    const projects = served.as(ProjectService);
    for (const filters of ["state = 0", "like(name, x)", "eq(secret, 1)"]) {
      await expect(projects.listProjects({ filters })).rejects.toMatchObject({ code: Code.InvalidArgument });
    }
    const contributor = served.as(ProjectService, { role: "contributor" });
    await expect(contributor.createProject({ project: { id: "x" } })).rejects.toMatchObject({
      code: Code.PermissionDenied,
    });
  });
});
