/** Which log entries of a project are a plane's task logs; pure. */
import { refusal } from "../../shared/errors.ts";

export interface TaskLogScope {
  region: string;
  clusterName: string;
  /** Whose containers' logs are kept. */
  projectNamespaces: readonly string[];
}

/** Source: Cloud Logging, quotas and limits: length of a sink's filter. */
const longestFilter = 20_000;

/**
 * Entries that GKE's own agent writes of a container of a task pod, and no others.
 * @throws UserError where the filter would be longer than a sink takes
 */
export function taskLogFilter({ region, clusterName, projectNamespaces }: TaskLogScope): string {
  const filter = [
    `resource.type="k8s_container"`,
    `resource.labels.location="${region}"`,
    `resource.labels.cluster_name="${clusterName}"`,
    `resource.labels.namespace_name=(${projectNamespaces.map((namespace) => `"${namespace}"`).join(" OR ")})`,
  ].join(" AND ");
  if (filter.length <= longestFilter) return filter;
  throw refusal({
    subject: "biplane:projects",
    value: projectNamespaces.length,
    allowed: `so many that the filter of their logs keeps to ${longestFilter} characters; it has ${filter.length}`,
    todo: "Use a second plane.",
  });
}

/** Days; Cloud Logging takes any number up to ten years. */
export const longestRetention = 3650;
