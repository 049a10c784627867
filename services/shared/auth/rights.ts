/** Which roles may call which method. What is not in the table nobody may call. */
import type { Role } from "./caller.ts";

const viewers = ["viewer", "contributor", "admin"] as const;
const contributors = ["contributor", "admin"] as const;
const admins = ["admin"] as const;
/** What a task pod does for its own run: children, their state, its nested data. */
const workers = ["task", "contributor", "admin"] as const;
const watchers = ["task", "viewer", "contributor", "admin"] as const;
const clusters = ["cluster"] as const;

export type Allowed = readonly Role[] | "anyone";

const table: Record<string, Record<string, Allowed>> = {
  "flyteidl2.auth.AuthMetadataService": { GetOAuth2Metadata: "anyone", GetPublicClientConfig: "anyone" },
  "flyteidl2.auth.IdentityService": { UserInfo: watchers },
  "flyteidl2.cluster.ClusterService": { SelectCluster: watchers },
  "flyteidl2.dataproxy.DataProxyService": {
    CreateUploadLocation: workers,
    UploadInputs: workers,
    CreateDownloadLink: watchers,
    GetActionData: watchers,
    TailLogs: watchers,
  },
  "flyteidl2.workflow.RunService": {
    CreateRun: workers,
    AbortRun: workers,
    AbortAction: workers,
    SignalEvent: workers,
    GetRunDetails: watchers,
    WatchRunDetails: watchers,
    GetActionDetails: watchers,
    WatchActionDetails: watchers,
    GetActionData: watchers,
    GetActionDataURIs: watchers,
    GetActionLogContext: watchers,
    ListRuns: watchers,
    WatchRuns: watchers,
    ListActions: watchers,
    WatchActions: watchers,
    WatchClusterEvents: watchers,
    WatchGroups: watchers,
  },
  "flyteidl2.workflow.QueueService": { EnqueueAction: workers, AbortQueuedRun: workers, AbortQueuedAction: workers },
  "flyteidl2.workflow.StateService": { Get: watchers, Watch: watchers, Put: workers },
  "flyteidl2.actions.ActionsService": {
    Enqueue: workers,
    Abort: workers,
    Update: workers,
    Signal: workers,
    WatchForUpdates: watchers,
  },
  "flyteidl2.task.TaskService": {
    DeployTask: contributors,
    GetTaskDetails: watchers,
    ListTasks: watchers,
    ListVersions: watchers,
  },
  "flyteidl2.project.ProjectService": {
    CreateProject: admins,
    UpdateProject: admins,
    GetProject: watchers,
    ListProjects: watchers,
  },
  "flyteidl2.trigger.TriggerService": {
    ListTriggers: viewers,
    GetTriggerDetails: viewers,
    GetTriggerRevisionDetails: viewers,
    GetTriggerRevisionHistory: viewers,
    DeployTrigger: contributors,
    UpdateTriggers: contributors,
    DeleteTriggers: contributors,
  },
  "biplane.objectstore.v1.ObjectStoreService": {
    SignUpload: workers,
    PutInputs: workers,
    SignDownload: watchers,
    GetObject: watchers,
  },
  "biplane.logs.v1.LogService": { TailLogs: watchers },
  "biplane.cluster.v1.RegistrationService": { Register: "anyone" },
  "biplane.cluster.v1.ClusterLinkService": { Renew: clusters, Heartbeat: clusters },
  "biplane.cluster.v1.PlacementService": { ResolveCluster: watchers },
  "biplane.queue.v1.ExecutorQueueService": { Lease: clusters, ExtendLeases: clusters, Report: clusters },
};

const nobody: readonly Role[] = [];

/** Maps, since an object would also find what every object has, such as "constructor". */
const rules = new Map(Object.entries(table).map(([service, methods]) => [service, new Map(Object.entries(methods))]));

export function allowedRoles(service: string, method: string): Allowed {
  return rules.get(service)?.get(method) ?? nobody;
}
