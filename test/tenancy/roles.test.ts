/** What each role is there for, done and not only let through: an administrator's matters and a contributor's work. */
import { randomBytes } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import { beforeAll, describe, expect, it } from "vitest";
import { ClusterAdminService } from "../../gen/biplane/cluster/v1/registration_pb.js";
import { ApplicationService, PeopleService } from "../../gen/biplane/identity/v1/identity_pb.js";
import { ProjectService } from "../../gen/flyteidl2/project/project_service_pb.js";
import { SecretService } from "../../gen/flyteidl2/secret/secret_pb.js";
import { TaskService } from "../../gen/flyteidl2/task/task_service_pb.js";
import { RunService } from "../../gen/flyteidl2/workflow/run_service_pb.js";
import { codeOf } from "../../services/shared/testing/code-of.ts";
import { containerRun, containerTask, runIdOf } from "../support/container-run.ts";
import { evidenceFor } from "../support/evidence.ts";
import { edge, signedIn } from "../support/identities.ts";
import { environment } from "../support/local-run.ts";

const { proves } = evidenceFor("tenancy/roles");
const { org, project, domain } = environment;
const transport = edge();
const runs = createClient(RunService, transport);
const tasks = createClient(TaskService, transport);
const secrets = createClient(SecretService, transport);
const projects = createClient(ProjectService, transport);
const applications = createClient(ApplicationService, transport);
const people = createClient(PeopleService, transport);
const clusters = createClient(ClusterAdminService, transport);

const unique = (what: string) => `${what}-${randomBytes(5).toString("hex")}`;
type By = { headers: Record<string, string> };
let admin: By;
let contributor: By;
let viewer: By;

beforeAll(async () => {
  const by = async (role: "admin" | "contributor" | "viewer") => ({ headers: await signedIn(org, role) });
  [admin, contributor, viewer] = await Promise.all([by("admin"), by("contributor"), by("viewer")]);
});

/** A secret's making, its value and its end. @returns the code of the first that is refused */
async function secretsLife(by: By): Promise<string> {
  const id = { organization: org, project, domain, name: unique("roles") };
  const secretSpec = { value: { case: "stringValue" as const, value: randomBytes(12).toString("hex") } };
  const created = await codeOf(secrets.createSecret({ id, secretSpec }, by));
  if (created !== "ok") return created;
  return codeOf(secrets.deleteSecret({ id }, by));
}

async function serviceAccountsLife(by: By): Promise<string> {
  const created = applications.createServiceAccount({ name: unique("roles"), role: "viewer" }, by);
  const code = await codeOf(created);
  if (code !== "ok") return code;
  return codeOf(applications.deleteServiceAccount({ clientId: (await created).account?.clientId ?? "" }, by));
}

const start = (name: string, by: By) => codeOf(runs.createRun(containerRun(name), by));
const abort = (name: string, by: By) => codeOf(runs.abortRun({ runId: runIdOf(name) }, by));

describe("a contributor", () => {
  it("starts and aborts runs, registers tasks and manages secrets in its project, which a viewer cannot", async () => {
    proves(["rbac-contributor-allowed"], "the viewer, asking for the same, is denied each");
    const work = async (by: By, run = unique("roles")) => {
      const spec = containerTask("registered");
      const taskId = { ...spec.taskTemplate.id, version: unique("v") };
      return {
        start: await start(run, by),
        abort: await abort(run, by),
        register: await codeOf(
          tasks.deployTask({ taskId, spec: { ...spec, taskTemplate: { ...spec.taskTemplate, id: taskId } } }, by),
        ),
        secrets: await secretsLife(by),
      };
    };
    expect(await work(contributor)).toEqual({ start: "ok", abort: "ok", register: "ok", secrets: "ok" });
    const denied = "PermissionDenied";
    expect(await work(viewer)).toEqual({ start: denied, abort: denied, register: denied, secrets: denied });
  });
});

describe("an administrator", () => {
  it("manages users, clusters, secrets, projects and everybody's runs, of which a contributor manages no users", async () => {
    proves(["rbac-admin-full-access"], "the contributor, asking for the same, is denied people, accounts and clusters");
    const { project: before } = await projects.getProject({ id: project, org }, admin);
    const matters = async (by: By) => {
      const run = unique("roles");
      expect(await start(run, contributor)).toBe("ok");
      const code = {
        people: await codeOf(people.listPeople({}, by)),
        accounts: await serviceAccountsLife(by),
        clusters: await codeOf(clusters.listClusters({}, by)),
        secrets: await secretsLife(by),
        projects: await codeOf(projects.updateProject({ ...(before ? { project: before } : {}) }, by)),
        runs: await abort(run, by),
      };
      await abort(run, contributor);
      return code;
    };
    const ok = { people: "ok", accounts: "ok", clusters: "ok", secrets: "ok", projects: "ok", runs: "ok" };
    expect(await matters(admin)).toEqual(ok);
    const denied = "PermissionDenied";
    expect(await matters(contributor)).toEqual({
      ...ok,
      people: denied,
      accounts: denied,
      clusters: denied,
      projects: denied,
    });
  });
});
