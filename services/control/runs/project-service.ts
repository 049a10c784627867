/** ProjectService: projects of the caller's organisation. A run or a task in a new project adds it as well. */
import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { ListRequestSchema } from "../../../gen/flyteidl2/common/list_pb.js";
import { type Project, ProjectSchema, type ProjectService } from "../../../gen/flyteidl2/project/project_service_pb.js";
import { callerOf, requireOwnOrg } from "../../shared/auth/caller.ts";
import { alreadyExists, invalid, notFound } from "../../shared/errors.ts";
import type { Database } from "../../shared/postgres.ts";
import { projectShape } from "../store/fields.ts";
import { pageOf, planList } from "../store/listing.ts";
import { insertProject, listProjects, type ProjectRow, readProject, updateProject } from "../store/projects.ts";
import { projectName } from "./identifiers.ts";
import { parseProjectFilters } from "./project-filters.ts";
import { projectScope } from "./scopes.ts";

/** As Flyte has them where nobody names any. */
const usualDomains = ["development", "staging", "production"];

export function projectService({ database }: { database: Database }): ServiceImpl<typeof ProjectService> {
  return {
    async createProject({ project }, context) {
      const { org } = callerOf(context);
      requireOwnOrg(callerOf(context), project?.org);
      const given = fieldsOf(project);
      const domains = project?.domains.map(({ id }) => projectName(id)) ?? [];
      const outcome = await insertProject(database, org, {
        ...given,
        domains: domains.length > 0 ? domains : usualDomains,
      });
      if (outcome === "name-taken") throw alreadyExists(`the project ${given.id}`);
      return {};
    },
    async updateProject({ project }, context) {
      requireOwnOrg(callerOf(context), project?.org);
      const given = fieldsOf(project);
      const outcome = await updateProject(database, callerOf(context).org, given);
      if (outcome === "not-found") throw notFound(`the project ${given.id}`);
      return {};
    },
    async getProject({ id, org }, context) {
      const caller = callerOf(context);
      requireOwnOrg(caller, org);
      const row = await readProject(database, caller.org, projectName(id));
      if (!row) throw notFound(`the project ${id}`);
      return { project: projectView(caller.org, row) };
    },
    async listProjects({ limit, token, filters, sortBy, org }, context) {
      const caller = callerOf(context);
      requireOwnOrg(caller, org);
      const request = { limit, token, filters: parseProjectFilters(filters), ...(sortBy ? { sortBy } : {}) };
      const plan = planList(create(ListRequestSchema, request), projectShape, projectScope(caller));
      const page = pageOf(await listProjects(database, caller.org, plan), plan);
      return { projects: { projects: page.rows.map((row) => projectView(caller.org, row)), token: page.token } };
    },
  };
}

function fieldsOf(project: Project | undefined) {
  if (!project) throw invalid({ subject: "project", allowed: "a project" });
  const { name, description, labels, state } = project;
  if (description.length > 2048) {
    throw invalid({ subject: "project.description", value: description.length, allowed: "at most 2048 characters" });
  }
  const id = projectName(project.id);
  return { id, name: (name || id).slice(0, 255), description, labels: labels?.values ?? {}, state };
}

function projectView(org: string, { id, name, description, labels, domains, state }: ProjectRow) {
  const named = domains.map((domain) => ({ id: domain, name: domain }));
  return create(ProjectSchema, { id, name, description, labels: { values: labels }, domains: named, state, org });
}
