/** What pages are made of: calls of the region's services with the visitor's own token, who decide and record them. */
import { createClient, type Transport } from "@connectrpc/connect";
import { Sort_Direction } from "../../../gen/flyteidl2/common/list_pb.js";
import { ProjectService } from "../../../gen/flyteidl2/project/project_service_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { unaryCall } from "../../shared/client.ts";
import { notFound } from "../../shared/errors.ts";
import { projectsPage, runPage, runsPage } from "./pages.ts";
import type { Place } from "./routes.ts";
import { endedBadly } from "./words.ts";

const pageOf = { projects: 100, runs: 50, actions: 100 } as const;
/** Each is a call of its own. */
const maxReasons = 10;

interface Asked {
  token: string;
  /** Where the page before ended. */
  after: string;
  /** Milliseconds. */
  now: number;
}

export function openReads(runs: Transport) {
  const projects = createClient(ProjectService, runs);
  const runService = createClient(RunService, runs);
  const as = (token: string) => ({ ...unaryCall, headers: { authorization: `Bearer ${token}` } });
  return {
    async projects({ token, after }: Asked) {
      const listed = (await projects.listProjects({ limit: pageOf.projects, token: after }, as(token))).projects;
      return projectsPage({ rows: listed?.projects ?? [], next: listed?.token ?? "" });
    },
    async runs(place: Place, { token, after, now }: Asked) {
      const value = { name: place.project, domain: place.domain };
      const request = { limit: pageOf.runs, token: after };
      const listed = await runService.listRuns({ request, scopeBy: { case: "projectId", value } }, as(token));
      return runsPage(place, { rows: listed.runs, next: listed.token }, now);
    },
    async run(place: Place & { run: string }, { token, after, now }: Asked) {
      const runId = { project: place.project, domain: place.domain, name: place.run };
      const sortBy = { key: "created_at", direction: Sort_Direction.ASCENDING };
      const [{ details }, listed] = await Promise.all([
        runService.getRunDetails({ runId }, as(token)),
        runService.listActions({ runId, request: { limit: pageOf.actions, token: after, sortBy } }, as(token)),
      ]);
      const root = details?.action;
      if (!root) throw notFound(`the run ${place.run}`);
      const bad = listed.actions.filter(({ status }) => endedBadly(status)).slice(0, maxReasons);
      const ended = await Promise.all(
        bad.map(async ({ id }) => {
          if (id?.name === root.id?.name) return root;
          const actionId = { run: runId, name: id?.name ?? "" };
          return (await runService.getActionDetails({ actionId }, as(token))).details ?? root;
        }),
      );
      return runPage(place, { root, rows: listed.actions, next: listed.token, ended }, now);
    },
  };
}
