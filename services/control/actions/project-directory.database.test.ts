import { create } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ProjectDirectoryService, type Projects } from "../../../gen/biplane/projects/v1/projects_pb.js";
import { ProjectSchema, ProjectService, ProjectState } from "../../../gen/flyteidl2/project/project_service_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { openTestStore } from "../store/testing/fixtures.ts";
import { type InProcess, serveInProcess } from "./testing/in-process.ts";
import { createRun } from "./testing/requests.ts";

/** Reads lists until one is as wanted; ends with the test's own time if none comes. */
function follow(served: InProcess, org = "acme") {
  const stop = new AbortController();
  const client = createClient(ProjectDirectoryService, served.asCluster("c1", org));
  const stream = client.watchProjects({}, { signal: stop.signal })[Symbol.asyncIterator]();
  return {
    async next(): Promise<[string, string, boolean][]> {
      for (;;) {
        const { value, done } = await stream.next();
        if (done) throw new Error("the stream ended");
        if (value.message.case === "projects") return rowsOf(value.message.value);
      }
    },
    stop: () => stop.abort(),
  };
}

const rowsOf = ({ projects }: Projects) =>
  projects.map(({ id, domains, archived }): [string, string, boolean] => [id, domains.join(), archived]);
const project = (id: string, domains: string[] = [], state = ProjectState.ACTIVE) =>
  create(ProjectSchema, { id, domains: domains.map((domain) => ({ id: domain })), state });

describe("the projects of an organisation", () => {
  it("are told to its compute plane at once and after each change, other organisations' never", async () => {
    await using store = await openTestStore();
    const served = await serveInProcess(store);
    await served.as(ProjectService, { org: "globex" }).createProject({ project: project("theirs", ["production"]) });
    const told = follow(served);
    expect(await told.next()).toEqual([]);
    const projects = served.as(ProjectService);
    await projects.createProject({ project: project("alpha", ["development", "production"]) });
    expect(await told.next()).toEqual([["alpha", "development,production", false]]);
    await served.as(RunService).createRun(createRun("first"));
    expect(await told.next()).toEqual([
      ["alpha", "development,production", false],
      ["demo", "development", false],
    ]);
    await projects.updateProject({ project: project("alpha", [], ProjectState.ARCHIVED) });
    expect((await told.next())[0]).toEqual(["alpha", "development,production", true]);
    told.stop();
  });

  it("are told to compute planes only", async () => {
    await using store = await openTestStore();
    const served = await serveInProcess(store);
    const asPerson = served.as(ProjectDirectoryService).watchProjects({});
    await expect(asPerson[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: Code.PermissionDenied });
  });
});
