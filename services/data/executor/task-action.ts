/** TaskAction, the resource through which the planes' work is seen in the cluster: `flyte.org/v1`, one per action. */
import type { KubernetesObject, V1ObjectMeta } from "@kubernetes/client-node";

export const taskActionApi = { group: "flyte.org", version: "v1", plural: "taskactions", kind: "TaskAction" } as const;

/** Names of `flyteidl2.common.ActionPhase` that an executor reports. */
export type Phase =
  | "QUEUED"
  | "WAITING_FOR_RESOURCES"
  | "INITIALIZING"
  | "RUNNING"
  | "SUCCEEDED"
  | "FAILED"
  | "ABORTED"
  | "TIMED_OUT";

export interface ErrorState {
  code: string;
  message: string;
  /** Whose fault: the task's or its author's (USER), or the platform's (SYSTEM). */
  kind: "USER" | "SYSTEM";
}

/** One transition. The list is the executor's memory: every report to the control plane is derived from it. */
export interface PhaseEntry {
  phase: Phase;
  /** From 1. */
  attempt: number;
  /** RFC 3339. */
  occurredAt: string;
  message?: string;
  error?: ErrorState;
  /** The attempt ended and another follows: the phase is the attempt's, not the action's. */
  retrying?: boolean;
}

export interface Condition {
  type: "Progressing" | "Succeeded" | "Failed";
  status: "True" | "False";
  reason: string;
  message: string;
  lastTransitionTime: string;
}

export interface TaskActionStatus {
  conditions?: Condition[];
  phaseHistory?: PhaseEntry[];
  /** The present attempt, from 1. */
  attempts?: number;
  /** Attempts that ended by the platform's fault; they do not use up the task's own retries. */
  systemFailures?: number;
  errorState?: ErrorState;
  /** The successful attempt's folder. */
  outputUri?: string;
  /** How many entries of `phaseHistory` the control plane has acknowledged. */
  reportedPhases?: number;
}

export interface TaskActionSpec {
  runName: string;
  project: string;
  domain: string;
  actionName: string;
  parentActionName?: string;
  actionType?: "task";
  taskType: string;
  shortName?: string;
  /** Base64 of a serialised `flyteidl2.core.TaskTemplate`. */
  taskTemplate: string;
  inputUri: string;
  runOutputBase: string;
  cacheKey?: string;
  group?: string;
  envVars?: Record<string, string>;
  interruptible?: boolean;
}

export interface TaskAction extends KubernetesObject {
  metadata: V1ObjectMeta;
  spec: TaskActionSpec;
  status?: TaskActionStatus;
}

/** Keys on the resource and on its pods. The schema of TaskAction has no field for the organisation. */
export const labels = {
  org: "biplane.dev/org",
  project: "flyte.org/project",
  domain: "flyte.org/domain",
  run: "flyte.org/run",
  action: "flyte.org/action",
  actionType: "flyte.org/action-type",
  isRoot: "flyte.org/is-root",
  terminated: "flyte.org/termination-status",
  completed: "flyte.org/completed-time",
  recorded: "flyte.org/terminal-status-recorded",
  managedBy: "app.kubernetes.io/managed-by",
} as const;

export const annotations = {
  runStartTime: "biplane.dev/run-start-time",
  /** On pods: the container whose end is the task's. */
  primaryContainer: "biplane.dev/primary-container",
} as const;

/** Keeps a deleted resource until its end was told and what it started is gone. The public executor's name. */
export const finalizer = "flyte.org/plugin-finalizer";

export const manager = "biplane-executor";

const ended: ReadonlySet<Phase> = new Set(["SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT"]);

/** The entry that ended the action for good, if one did. */
export function finalEntry(action: TaskAction): PhaseEntry | undefined {
  const last = action.status?.phaseHistory?.at(-1);
  return last && ended.has(last.phase) && !last.retrying ? last : undefined;
}

/** `<namespace>/<name>`: how queues and caches name a resource. */
export function keyOf(object: { metadata?: V1ObjectMeta }): string {
  return `${object.metadata?.namespace}/${object.metadata?.name}`;
}

export function splitKey(key: string): { namespace: string; name: string } {
  const at = key.indexOf("/");
  return { namespace: key.slice(0, at), name: key.slice(at + 1) };
}

/** Listed objects carry dates, watched ones text. */
export function timeOf(value: Date | string | undefined): number | undefined {
  return value === undefined ? undefined : new Date(value).getTime();
}
