/** Who may call which method, and with what permission where. What is not in the table nobody may call. */
import { ActionDataService } from "../../../gen/biplane/actiondata/v1/action_data_pb.js";
import { AppAccessService } from "../../../gen/biplane/apps/v1/access_pb.js";
import { AppDirectoryService } from "../../../gen/biplane/apps/v1/apps_pb.js";
import { AuditService, AuditSinkService } from "../../../gen/biplane/audit/v1/audit_pb.js";
import {
  ClusterAdminService,
  ClusterLinkService,
  PlacementService,
  RegistrationService,
  TunnelRecordService,
} from "../../../gen/biplane/cluster/v1/registration_pb.js";
import { EventService } from "../../../gen/biplane/events/v1/events_pb.js";
import {
  ApiKeyService,
  ApplicationService,
  AppSessionService,
  KeyExchangeService,
  PeopleService,
  StaffAccessService,
} from "../../../gen/biplane/identity/v1/identity_pb.js";
import { ImageBuildService } from "../../../gen/biplane/images/v1/images_pb.js";
import { LogService } from "../../../gen/biplane/logs/v1/logs_pb.js";
import { MetricsService } from "../../../gen/biplane/metrics/v1/metrics_pb.js";
import { ObjectStoreService } from "../../../gen/biplane/objectstore/v1/object_store_pb.js";
import { AuthorizerService, type Document, PolicyService } from "../../../gen/biplane/policy/v1/policy_pb.js";
import { ProjectDirectoryService } from "../../../gen/biplane/projects/v1/projects_pb.js";
import { ExecutorQueueService } from "../../../gen/biplane/queue/v1/queue_pb.js";
import { SecretStoreService } from "../../../gen/biplane/secrets/v1/secrets_pb.js";
import { ActionsService } from "../../../gen/flyteidl2/actions/actions_service_pb.js";
import { AppLogsService } from "../../../gen/flyteidl2/app/app_logs_service_pb.js";
import { AppService } from "../../../gen/flyteidl2/app/app_service_pb.js";
import { AuthMetadataService } from "../../../gen/flyteidl2/auth/auth_service_pb.js";
import { IdentityService } from "../../../gen/flyteidl2/auth/identity_pb.js";
import type { SelectClusterRequest } from "../../../gen/flyteidl2/cluster/payload_pb.js";
import { ClusterService } from "../../../gen/flyteidl2/cluster/service_pb.js";
import { DataProxyService } from "../../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { ProjectService } from "../../../gen/flyteidl2/project/project_service_pb.js";
import type { SecretIdentifier } from "../../../gen/flyteidl2/secret/definition_pb.js";
import { SecretService } from "../../../gen/flyteidl2/secret/secret_pb.js";
import { TaskService } from "../../../gen/flyteidl2/task/task_service_pb.js";
import { TriggerService } from "../../../gen/flyteidl2/trigger/trigger_service_pb.js";
import { QueueService } from "../../../gen/flyteidl2/workflow/queue_service_pb.js";
import { type CreateRunRequest, RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { StateService } from "../../../gen/flyteidl2/workflow/state_service_pb.js";
import {
  inAction,
  inAppScope,
  inPlace,
  inProject,
  inRun,
  inScope,
  inTaskPlace,
  inTaskScope,
  organisation,
  somewhere,
} from "./named.ts";
import {
  anyone,
  betweenServices,
  cluster,
  inPersonChanges,
  inPersonReads,
  mayChange,
  mayHandOut,
  mayRead,
  type Named,
  type Rule,
  rulesOf,
  signedIn,
} from "./rule.ts";

const runs = "view_flyte_executions";
/** Of a run all but what it reads and writes. */
const state = ["view_flyte_executions", "view_run_metadata"] as const;
const tasks = "view_flyte_inventory";
const execute = "create_flyte_executions";
const register = "register_flyte_inventory";

const table = new Map<string, Map<string, Rule>>([
  rulesOf(AuthMetadataService, { getOAuth2Metadata: anyone, getPublicClientConfig: anyone }),
  rulesOf(IdentityService, { userInfo: signedIn() }),
  rulesOf(ClusterService, { selectCluster: signedIn(({ resource }) => [orgOf(resource)]) }),
  rulesOf(DataProxyService, {
    createUploadLocation: mayHandOut([execute, register], inPlace),
    uploadInputs: mayChange([execute, register], ({ id, task }) => [
      id.case === "runId" ? inRun(id.value) : inProject(id.value),
      ...taskRead(task),
    ]),
    createDownloadLink: mayRead(runs, ({ source }) =>
      source.case === "actionAttemptId" ? inAction(source.value.actionId) : inPlace(source.value),
    ),
    getActionData: mayRead(runs, ({ actionId }) => inAction(actionId)),
    tailLogs: mayRead(state, ({ actionId }) => inAction(actionId)),
  }),
  rulesOf(RunService, {
    createRun: mayChange(execute, ({ id, task }) => [
      id.case === "runId" ? inRun(id.value) : inProject(id.value),
      ...taskRead(task),
    ]),
    abortRun: mayChange(execute, ({ runId }) => inRun(runId)),
    abortAction: mayChange(execute, ({ actionId }) => inAction(actionId)),
    signalEvent: mayChange(execute, ({ actionId }) => inAction(actionId)),
    getRunDetails: mayRead(state, ({ runId }) => inRun(runId)),
    watchRunDetails: mayRead(state, ({ runId }) => inRun(runId)),
    getActionDetails: mayRead(state, ({ actionId }) => inAction(actionId)),
    watchActionDetails: mayRead(state, ({ actionId }) => inAction(actionId)),
    getActionData: mayRead(runs, ({ actionId }) => inAction(actionId)),
    getActionDataURIs: mayRead(runs, ({ actionId }) => inAction(actionId)),
    getActionLogContext: mayRead(state, ({ actionId }) => inAction(actionId)),
    listRuns: mayRead(state, ({ scopeBy }) => inScope(scopeBy)),
    watchRuns: mayRead(state, ({ target }) => inScope(target)),
    listActions: mayRead(state, ({ runId }) => inRun(runId)),
    watchActions: mayRead(state, ({ runId }) => inRun(runId)),
    watchClusterEvents: mayRead(state, ({ id }) => inAction(id)),
    watchGroups: mayRead(state, ({ scopeBy }) => inScope(scopeBy)),
  }),
  rulesOf(QueueService, {
    enqueueAction: mayChange(execute, ({ actionId }) => inAction(actionId)),
    abortQueuedRun: mayChange(execute, ({ runId }) => inRun(runId)),
    abortQueuedAction: mayChange(execute, ({ actionId }) => inAction(actionId)),
  }),
  rulesOf(StateService, {
    get: mayRead(runs, ({ actionId }) => inAction(actionId)),
    watch: mayRead(runs, ({ filter }) => inAction(filter.value)),
    put: mayChange(execute, ({ actionId }) => inAction(actionId)),
  }),
  rulesOf(ActionsService, {
    enqueue: mayChange(execute, ({ action }) => inAction(action?.actionId)),
    abort: mayChange(execute, ({ actionId }) => inAction(actionId)),
    update: mayChange(execute, ({ actionId }) => inAction(actionId)),
    signal: mayChange(execute, ({ actionId }) => inAction(actionId)),
    watchForUpdates: mayRead(runs, ({ filter }) => inAction(filter.value)),
  }),
  rulesOf(TaskService, {
    deployTask: mayChange(register, ({ taskId }) => inPlace(taskId)),
    getTaskDetails: mayRead(tasks, ({ taskId }) => inTaskPlace(taskId)),
    listTasks: mayRead(tasks, ({ scopeBy }) => inTaskScope(scopeBy)),
    listVersions: mayRead(tasks, ({ taskName }) => inPlace(taskName)),
  }),
  rulesOf(ProjectService, {
    createProject: mayChange("administer_project", ({ project }) => organisation(project?.org, project?.id)),
    updateProject: mayChange("administer_project", ({ project }) => organisation(project?.org, project?.id)),
    getProject: mayRead(tasks, ({ org, id }) => ({ org, at: { project: id } })),
    listProjects: mayRead(tasks, ({ org }) => somewhere(org)),
  }),
  rulesOf(TriggerService, {
    listTriggers: mayRead(tasks, ({ scopeBy }) => inScope(scopeBy)),
    getTriggerDetails: mayRead(tasks, ({ name }) => inPlace(name)),
    getTriggerRevisionDetails: mayRead(tasks, ({ id }) => inPlace(id?.name)),
    getTriggerRevisionHistory: mayRead(tasks, ({ name }) => inPlace(name)),
    deployTrigger: mayChange(register, ({ name }) => inPlace(name)),
    updateTriggers: mayChange(register, ({ names }) => names.map(inPlace)),
    deleteTriggers: mayChange(register, ({ names }) => names.map(inPlace)),
  }),
  rulesOf(AppService, {
    create: mayChange(register, ({ app }) => inPlace(app?.metadata?.id)),
    get: mayRead(tasks, ({ identifier }) =>
      identifier.case === "ingress" ? somewhere(undefined) : inPlace(identifier.value),
    ),
    update: mayChange(register, ({ app }) => inPlace(app?.metadata?.id)),
    delete: mayChange(register, ({ appId }) => inPlace(appId)),
    list: mayRead(tasks, ({ filterBy }) => inAppScope(filterBy)),
    watch: mayRead(tasks, ({ target }) => inAppScope(target)),
    // Served to nobody: ways of another platform's compute planes; ours have AppDirectoryService.
    updateStatus: mayChange(register, ({ app }) => inPlace(app?.metadata?.id)),
    lease: mayRead("manage_clusters", ({ id }) => organisation(id?.organization)),
  }),
  rulesOf(AppLogsService, {
    tailLogs: mayRead(state, ({ target }) => inPlace(target.case === "replicaId" ? target.value.appId : target.value)),
  }),
  rulesOf(SecretService, {
    createSecret: mayChange("manage_secrets", ({ id }) => ofSecret(id)),
    updateSecret: mayChange("manage_secrets", ({ id }) => ofSecret(id)),
    deleteSecret: mayChange("manage_secrets", ({ id }) => ofSecret(id)),
    getSecret: mayRead("manage_secrets", ({ id }) => ofSecret(id)),
    listSecrets: mayRead("manage_secrets", ofSecret),
  }),
  rulesOf(ObjectStoreService, {
    signUpload: mayHandOut([execute, register], inPlace),
    putInputs: mayChange([execute, register], inPlace),
    signDownload: mayRead(runs, inPlace),
    getObject: mayRead(runs, inPlace),
  }),
  rulesOf(LogService, {
    tailLogs: mayRead(state, inPlace),
    tailAppLogs: mayRead(state, ({ app: name, ...place }) => inPlace({ ...place, name })),
  }),
  rulesOf(EventService, { watchEvents: mayRead(state, inPlace) }),
  rulesOf(ActionDataService, { presignActionData: mayRead(runs, inPlace) }),
  rulesOf(MetricsService, {
    watchMetrics: mayRead(state, inPlace),
    listMeasurements: mayRead(state, inPlace),
  }),
  rulesOf(SecretStoreService, {
    createSecret: mayChange("manage_secrets", inPlace),
    updateSecret: mayChange("manage_secrets", inPlace),
    deleteSecret: mayChange("manage_secrets", inPlace),
    getSecret: mayRead("manage_secrets", inPlace),
    listSecrets: mayRead("manage_secrets", inPlace),
  }),
  rulesOf(PolicyService, {
    apply: mayChange("manage_permissions", ({ documents }) => organisation("", documentNames(documents))),
    delete: mayChange("manage_permissions", ({ named }) => organisation("", `${named.case} ${named.value}`)),
    get: mayRead("manage_permissions", () => organisation()),
    list: mayRead("manage_permissions", () => organisation()),
  }),
  rulesOf(ApiKeyService, {
    createApiKey: inPersonChanges(({ name }) => name),
    listApiKeys: inPersonReads(),
    revokeApiKey: inPersonChanges(({ keyId }) => keyId),
  }),
  rulesOf(ApplicationService, {
    createServiceAccount: mayChange("manage_applications", ({ name, role }) => [
      organisation("", name),
      // Whoever may make applications could else make one that may more than they themselves.
      ...(role ? [{ ...organisation(), anyOf: ["manage_permissions"] as const }] : []),
    ]),
    listServiceAccounts: mayRead("manage_applications", () => organisation()),
    deleteServiceAccount: mayChange("manage_applications", ({ clientId }) => organisation("", clientId)),
    listAllApiKeys: mayRead("manage_applications", () => organisation()),
    revokeAnyApiKey: mayChange("manage_applications", ({ keyId }) => organisation("", keyId)),
  }),
  rulesOf(PeopleService, {
    listPeople: mayRead("manage_permissions", () => organisation()),
    revokeSignIns: mayChange("manage_permissions", ({ subject }) => organisation("", subject)),
  }),
  rulesOf(StaffAccessService, {
    grantStaffAccess: mayChange("manage_permissions", ({ subject }) => organisation("", subject)),
    listStaffGrants: mayRead("manage_permissions", () => organisation()),
    revokeStaffAccess: mayChange("manage_permissions", ({ grantId }) => organisation("", grantId)),
  }),
  // Known by the key that the request carries.
  rulesOf(KeyExchangeService, { exchange: anyone }),
  // As an API key, what is shown is what is asked about.
  rulesOf(AppSessionService, { beginAppSession: anyone, exchangeAppSession: anyone, endAppSession: anyone }),
  rulesOf(AppAccessService, { checkAccess: cluster, finishSignIn: cluster, signOut: cluster }),
  rulesOf(AuditService, { listRecords: mayRead("view_audit", () => organisation()) }),
  rulesOf(AuditSinkService, { append: betweenServices() }),
  rulesOf(AuthorizerService, { resolve: betweenServices() }),
  // Known by the one-time token that the request carries.
  rulesOf(RegistrationService, { register: anyone }),
  rulesOf(ClusterLinkService, { renew: cluster, heartbeat: cluster, checkCertificate: cluster }),
  rulesOf(TunnelRecordService, { recordTunnel: cluster }),
  rulesOf(ClusterAdminService, {
    listClusters: mayRead("manage_clusters", () => organisation()),
    revokeCluster: mayChange("manage_clusters", ({ cluster: name }) => organisation("", name)),
  }),
  rulesOf(PlacementService, { resolveCluster: betweenServices() }),
  // Known by the token of the task's pod that the request carries.
  rulesOf(ImageBuildService, { build: anyone }),
  rulesOf(ExecutorQueueService, { lease: cluster, extendLeases: cluster, report: cluster }),
  rulesOf(AppDirectoryService, { watchApps: cluster, reportApps: cluster }),
  rulesOf(ProjectDirectoryService, { watchProjects: cluster }),
]);

/** @param method as on the wire, such as CreateRun. @returns undefined where nobody may call it. */
export function ruleOf(service: string, method: string): Rule | undefined {
  return table.get(service)?.get(method);
}

/** Every method that there is, by the full name of its service. */
export function ruledMethods(): Map<string, string[]> {
  return new Map([...table].map(([service, rules]) => [service, [...rules.keys()]]));
}

/** A deployed task, or a trigger of one, is read on behalf of who runs it, and may lie in another project. */
function taskRead(task: CreateRunRequest["task"]): Named[] {
  const deployed = task.case === "taskId" || task.case === "triggerName";
  return deployed ? [{ ...inTaskPlace(task.value), anyOf: [tasks] }] : [];
}

function documentNames(documents: Document[]): string {
  const names = documents.map(({ document: { case: kind, value } }) => {
    if (kind === undefined) return "";
    return kind === "assignment" ? `${kind} ${value.policy}` : `${kind} ${value.name}`;
  });
  return names.join(", ");
}

function ofSecret(id: Pick<SecretIdentifier, "organization" | "project" | "domain"> | undefined): Named {
  return inPlace(id && { ...id, org: id.organization });
}

function orgOf({ case: kind, value }: SelectClusterRequest["resource"]): string | undefined {
  switch (kind) {
    case undefined:
      return undefined;
    case "orgId":
      return value.name;
    case "taskId":
    case "appId":
      return value.org;
    case "actionId":
      return value.run?.org;
    case "actionAttemptId":
      return value.actionId?.run?.org;
    default:
      return value.organization;
  }
}
