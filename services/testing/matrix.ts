/** Who passes the wall to which public RPC: written by hand, so that it judges the rules and does not repeat them. */
import { create, type DescMessage, type DescMethod, type Message } from "@bufbuild/protobuf";

/**
 * Of one organisation. `runner`: a role of its own, view and create, bound to the one project and domain. `key`: an API
 * key of the admin's, presented as it is. `support` and `operator`: of the region's staff, whom the organisation lets in.
 */
export const people = ["admin", "contributor", "viewer", "runner", "tasks", "key", "support", "operator"] as const;
export type Person = (typeof people)[number];

export const staff: readonly Person[] = ["support", "operator"];
const all = people;
/** What a run reads and writes. */
const data: readonly Person[] = people.filter((person) => !staff.includes(person));
const work: readonly Person[] = ["admin", "contributor", "runner", "tasks", "key"];
const deploy: readonly Person[] = ["admin", "contributor", "key"];
const admin: readonly Person[] = ["admin", "key"];
const operate: readonly Person[] = [...admin, "operator"];
const inPerson: readonly Person[] = ["admin", "contributor", "viewer", "runner"];

/** `open`: before there is a token. Every method of every service that the gateway shows. */
export const passes: Record<string, readonly Person[] | "open"> = {
  "flyteidl2.auth.AuthMetadataService/GetOAuth2Metadata": "open",
  "flyteidl2.auth.AuthMetadataService/GetPublicClientConfig": "open",
  "biplane.cluster.v1.RegistrationService/Register": "open",
  "flyteidl2.auth.IdentityService/UserInfo": all,
  "flyteidl2.cluster.ClusterService/SelectCluster": all,
  "flyteidl2.dataproxy.DataProxyService/CreateUploadLocation": work,
  "flyteidl2.dataproxy.DataProxyService/UploadInputs": work,
  "flyteidl2.dataproxy.DataProxyService/CreateDownloadLink": data,
  "flyteidl2.dataproxy.DataProxyService/GetActionData": data,
  "flyteidl2.dataproxy.DataProxyService/TailLogs": all,
  "biplane.actiondata.v1.ActionDataService/PresignActionData": data,
  "biplane.metrics.v1.MetricsService/ListMeasurements": all,
  "biplane.metrics.v1.MetricsService/WatchMetrics": all,
  "flyteidl2.workflow.RunService/CreateRun": work,
  "flyteidl2.workflow.RunService/AbortRun": work,
  "flyteidl2.workflow.RunService/AbortAction": work,
  "flyteidl2.workflow.RunService/SignalEvent": work,
  "flyteidl2.workflow.RunService/GetRunDetails": all,
  "flyteidl2.workflow.RunService/WatchRunDetails": all,
  "flyteidl2.workflow.RunService/GetActionDetails": all,
  "flyteidl2.workflow.RunService/WatchActionDetails": all,
  "flyteidl2.workflow.RunService/GetActionData": data,
  "flyteidl2.workflow.RunService/GetActionDataURIs": data,
  "flyteidl2.workflow.RunService/GetActionLogContext": all,
  "flyteidl2.workflow.RunService/ListRuns": all,
  "flyteidl2.workflow.RunService/WatchRuns": all,
  "flyteidl2.workflow.RunService/ListActions": all,
  "flyteidl2.workflow.RunService/WatchActions": all,
  "flyteidl2.workflow.RunService/WatchClusterEvents": all,
  "flyteidl2.workflow.RunService/WatchGroups": all,
  "flyteidl2.workflow.QueueService/EnqueueAction": work,
  "flyteidl2.workflow.QueueService/AbortQueuedRun": work,
  "flyteidl2.workflow.QueueService/AbortQueuedAction": work,
  "flyteidl2.workflow.StateService/Get": data,
  "flyteidl2.workflow.StateService/Watch": data,
  "flyteidl2.workflow.StateService/Put": work,
  "flyteidl2.actions.ActionsService/Enqueue": work,
  "flyteidl2.actions.ActionsService/Abort": work,
  "flyteidl2.actions.ActionsService/Update": work,
  "flyteidl2.actions.ActionsService/Signal": work,
  "flyteidl2.actions.ActionsService/WatchForUpdates": data,
  "flyteidl2.task.TaskService/DeployTask": deploy,
  "flyteidl2.task.TaskService/GetTaskDetails": all,
  "flyteidl2.task.TaskService/ListTasks": all,
  "flyteidl2.task.TaskService/ListVersions": all,
  "flyteidl2.project.ProjectService/CreateProject": operate,
  "flyteidl2.project.ProjectService/UpdateProject": operate,
  "flyteidl2.project.ProjectService/GetProject": all,
  "flyteidl2.project.ProjectService/ListProjects": all,
  "flyteidl2.trigger.TriggerService/DeployTrigger": deploy,
  "flyteidl2.trigger.TriggerService/GetTriggerDetails": all,
  "flyteidl2.trigger.TriggerService/GetTriggerRevisionDetails": all,
  "flyteidl2.trigger.TriggerService/ListTriggers": all,
  "flyteidl2.trigger.TriggerService/GetTriggerRevisionHistory": all,
  "flyteidl2.trigger.TriggerService/UpdateTriggers": deploy,
  "flyteidl2.trigger.TriggerService/DeleteTriggers": deploy,
  "flyteidl2.app.AppService/Create": deploy,
  "flyteidl2.app.AppService/Get": all,
  "flyteidl2.app.AppService/Update": deploy,
  "flyteidl2.app.AppService/Delete": deploy,
  "flyteidl2.app.AppService/List": all,
  "flyteidl2.app.AppService/Watch": all,
  "flyteidl2.app.AppService/UpdateStatus": deploy,
  "flyteidl2.app.AppService/Lease": operate,
  "flyteidl2.app.AppLogsService/TailLogs": all,
  "flyteidl2.secret.SecretService/CreateSecret": deploy,
  "flyteidl2.secret.SecretService/UpdateSecret": deploy,
  "flyteidl2.secret.SecretService/DeleteSecret": deploy,
  "flyteidl2.secret.SecretService/GetSecret": deploy,
  "flyteidl2.secret.SecretService/ListSecrets": deploy,
  "biplane.policy.v1.PolicyService/Apply": admin,
  "biplane.policy.v1.PolicyService/Get": admin,
  "biplane.policy.v1.PolicyService/List": admin,
  "biplane.policy.v1.PolicyService/Delete": admin,
  "biplane.audit.v1.AuditService/ListRecords": admin,
  "biplane.identity.v1.ApiKeyService/CreateApiKey": inPerson,
  "biplane.identity.v1.ApiKeyService/ListApiKeys": inPerson,
  "biplane.identity.v1.ApiKeyService/RevokeApiKey": inPerson,
  "biplane.identity.v1.ApplicationService/CreateServiceAccount": admin,
  "biplane.identity.v1.ApplicationService/ListServiceAccounts": admin,
  "biplane.identity.v1.ApplicationService/DeleteServiceAccount": admin,
  "biplane.identity.v1.ApplicationService/ListAllApiKeys": admin,
  "biplane.identity.v1.ApplicationService/RevokeAnyApiKey": admin,
  "biplane.identity.v1.PeopleService/ListPeople": admin,
  "biplane.identity.v1.PeopleService/RevokeSignIns": admin,
  "biplane.identity.v1.StaffAccessService/GrantStaffAccess": admin,
  "biplane.identity.v1.StaffAccessService/ListStaffGrants": admin,
  "biplane.identity.v1.StaffAccessService/RevokeStaffAccess": admin,
  "biplane.cluster.v1.ClusterAdminService/ListClusters": operate,
  "biplane.cluster.v1.ClusterAdminService/RevokeCluster": operate,
};

/** Methods whose messages have no place for an organisation: it can only come from the token. */
export const withoutOrg = [
  "IdentityService",
  "PolicyService",
  "AuditService",
  "ApiKeyService",
  "ApplicationService",
  "PeopleService",
  "StaffAccessService",
  "ClusterAdminService",
];

export interface Place {
  org: string;
  project: string;
  domain: string;
  /** Of runs, tasks, triggers. */
  name: string;
}

/** A request of the method that names this place wherever its identifiers have room for one, and is empty beside. */
export function requestFor(method: DescMethod, place: Place): Message {
  return create(method.input, fill(method.input, place, 0));
}

function fill(desc: DescMessage, place: Place, depth: number): Record<string, unknown> {
  const init: Record<string, unknown> = {};
  for (const member of desc.members) {
    if (member.kind === "oneof") {
      const chosen = member.fields.find((field) => field.fieldKind === "message" && names(field.message, depth + 1));
      if (chosen?.fieldKind === "message") {
        init[member.localName] = { case: chosen.localName, value: fill(chosen.message, place, depth + 1) };
      }
    } else if (member.fieldKind === "message") {
      if (names(member.message, depth + 1)) init[member.localName] = fill(member.message, place, depth + 1);
    } else if (member.fieldKind === "list" && member.listKind === "message") {
      if (names(member.message, depth + 1)) init[member.localName] = [fill(member.message, place, depth + 1)];
    } else if (member.fieldKind === "scalar") {
      const text = textFor(desc, member.localName, place);
      if (text !== undefined) init[member.localName] = text;
    }
  }
  return init;
}

function textFor({ name: message }: DescMessage, field: string, place: Place): string | undefined {
  if (field === "org" || field === "organization") return place.org;
  if (field === "project" || (message === "ProjectIdentifier" && field === "name")) return place.project;
  if (message === "OrgIdentifier" && field === "name") return place.org;
  if (field === "domain") return place.domain;
  if (message === "ActionIdentifier" && field === "name") return "a0";
  if (field === "id" && /^(Project|GetProjectRequest)$/.test(message)) return place.project;
  if (field === "version") return "v1";
  if (field === "taskName") return place.name;
  return field === "name" ? place.name : undefined;
}

/** Whether an organisation can be named in it, not too deep inside. */
function names(desc: DescMessage, depth: number): boolean {
  if (depth > 3) return false;
  return desc.fields.some(
    (field) =>
      (field.fieldKind === "scalar" && /^(org|organization)$/.test(field.localName)) ||
      desc.name === "OrgIdentifier" ||
      (field.fieldKind === "message" &&
        /Identifier$|^(Run|Task|Trigger)Name$|^Project$|^Action$|^App$|^Meta$/.test(field.message.name) &&
        names(field.message, depth + 1)),
  );
}
