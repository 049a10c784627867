/** Which service answers which path. What is not here cannot be reached from outside. */

const backends = ["identity", "runs", "actions", "cluster", "dataproxy"] as const;
export type Backend = (typeof backends)[number];

/** A map, since an object would also find what every object has, such as "constructor". */
const services = new Map<string, Backend>(
  Object.entries({
    "flyteidl2.auth.AuthMetadataService": "identity",
    "flyteidl2.auth.IdentityService": "identity",
    "biplane.policy.v1.PolicyService": "identity",
    "biplane.audit.v1.AuditService": "identity",
    "biplane.identity.v1.ApiKeyService": "identity",
    "biplane.identity.v1.ApplicationService": "identity",
    "biplane.identity.v1.PeopleService": "identity",
    "biplane.identity.v1.StaffAccessService": "identity",
    "flyteidl2.workflow.RunService": "runs",
    "flyteidl2.task.TaskService": "runs",
    "flyteidl2.project.ProjectService": "runs",
    "flyteidl2.trigger.TriggerService": "runs",
    "flyteidl2.app.AppService": "runs",
    "flyteidl2.workflow.QueueService": "actions",
    "flyteidl2.workflow.StateService": "actions",
    "flyteidl2.actions.ActionsService": "actions",
    "flyteidl2.cluster.ClusterService": "cluster",
    "biplane.cluster.v1.RegistrationService": "cluster",
    "biplane.cluster.v1.ClusterAdminService": "cluster",
    "flyteidl2.dataproxy.DataProxyService": "dataproxy",
    "flyteidl2.app.AppLogsService": "dataproxy",
    "flyteidl2.secret.SecretService": "dataproxy",
    "biplane.actiondata.v1.ActionDataService": "dataproxy",
    "biplane.metrics.v1.MetricsService": "dataproxy",
  }),
);

/** Methods that another service answers than their own: what they tell is in the compute plane and nowhere else. */
const elsewhere = new Map<string, Backend>([["flyteidl2.workflow.RunService/WatchClusterEvents", "dataproxy"]]);

/** Full names of the services that can be reached from outside. */
export function publicServices(): string[] {
  return [...services.keys()];
}

export type Route =
  | { kind: "rpc"; backend: Backend; service: string; method: string }
  /** Signing in, before there is a token. */
  | { kind: "open"; backend: Backend };

/** @returns undefined for a path that nobody serves. */
export function routeOf(path: string): Route | undefined {
  if (/^\/(oauth2|\.well-known)\/[\w./-]+$/.test(path) && !path.includes("..")) {
    return { kind: "open", backend: "identity" };
  }
  const [, service, method] = /^\/([\w.]+)\/(\w+)$/.exec(path) ?? [];
  const backend = elsewhere.get(`${service}/${method}`) ?? services.get(service ?? "");
  return service && method && backend ? { kind: "rpc", backend, service, method } : undefined;
}
