/** Where a request works, by the identifiers that Flyte's messages carry. */

import { buildTask } from "../../../components/image-builder/contract.ts";
import type {
  ActionIdentifier,
  ProjectIdentifier,
  RunIdentifier,
} from "../../../gen/flyteidl2/common/identifier_pb.js";
import type { Named } from "./rule.ts";

/** Of tasks, triggers, apps, and of our own requests. */
type Placed = { org: string; project: string; domain: string; name?: string; version?: string; filename?: string };

export function inPlace(id: Placed | undefined): Named {
  const at = { project: id?.project ?? "", domain: id?.domain ?? "" };
  return { org: id?.org, at, ...named(id?.name, id?.version, id?.filename) };
}

/** The platform's own tasks lie in no project: whoever may see tasks somewhere may see and run them. */
export function inTaskPlace(id: Placed | undefined): Named {
  const isOwn = id?.project === buildTask.project && id.domain === buildTask.domain;
  return isOwn ? { ...somewhere(id.org), ...named(id.name, id.version) } : inPlace(id);
}

/** Of a list of tasks. */
export function inTaskScope(scope: Scope): Named {
  if (scope.case !== "projectId") return inScope(scope);
  const { organization: org, name: project, domain } = scope.value;
  return inTaskPlace({ org, project, domain });
}

export function inProject(id: ProjectIdentifier | undefined): Named {
  return { org: id?.organization, at: { project: id?.name ?? "", domain: id?.domain ?? "" } };
}

export function inRun(id: RunIdentifier | undefined): Named {
  return inPlace(id);
}

export function inAction(id: ActionIdentifier | undefined): Named {
  return { ...inRun(id?.run), ...named(id?.run?.name, id?.name) };
}

/** Of a list: the answer holds only what the caller may see. */
export function somewhere(org: string | undefined): Named {
  return { org, at: "somewhere" };
}

export function organisation(org?: string, name?: string): Named {
  return { org, at: "organisation", ...named(name) };
}

function named(...parts: (string | undefined)[]): { name?: string } {
  const name = parts.filter((part) => part).join("/");
  return name ? { name } : {};
}

/** Of a list or a watch of apps. */
export function inAppScope(scope: AppScope): Named {
  switch (scope.case) {
    case "project":
      return inProject(scope.value);
    case "appId":
      return inPlace(scope.value);
    case "clusterId":
      return somewhere(scope.value.organization);
    case "org":
      return somewhere(scope.value);
    default:
      return somewhere(undefined);
  }
}

type AppScope =
  | { case: "org"; value: string }
  | { case: "project"; value: ProjectIdentifier }
  | { case: "clusterId"; value: { organization: string } }
  | { case: "appId"; value: Placed }
  | { case: "artifact"; value: unknown }
  | { case: undefined; value?: undefined };

type Scope =
  | { case: "org"; value: string }
  | { case: "projectId"; value: ProjectIdentifier }
  | { case: "clusterId"; value: { organization: string } }
  | { case: "taskId" | "taskName" | "triggerName"; value: Placed }
  | { case: undefined; value?: undefined };

/** By task or trigger the runs may lie anywhere, so these lists are narrowed as an organisation's is. */
export function inScope(scope: Scope): Named {
  switch (scope.case) {
    case "projectId":
      return inProject(scope.value);
    case "clusterId":
      return somewhere(scope.value.organization);
    case "org":
      return somewhere(scope.value);
    case undefined:
      return somewhere(undefined);
    default:
      return somewhere(scope.value.org);
  }
}
