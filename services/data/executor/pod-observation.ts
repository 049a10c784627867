/** What a pod's status says about its attempt, in the few words that a decision needs. */
import type { V1ContainerStateTerminated, V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import { annotations, timeOf } from "./task-action.ts";

/** How a container that ran came to its end. */
export interface Exit {
  code: number;
  /** Kubernetes' word, such as OOMKilled or StartError. */
  reason: string;
  message: string;
  container: string;
  /** Milliseconds since 1970. */
  startedAt?: number;
}

export type Observation =
  | {
      state: "waiting";
      phase: "QUEUED" | "WAITING_FOR_RESOURCES" | "INITIALIZING";
      /** Kubernetes' own words on why it does not start. */
      message?: string;
      /** A container that cannot be started as it stands. */
      blocked?: { reason: string; message: string; container: string };
    }
  | { state: "running"; startedAt: number }
  /** The task's container ended. `lingering`: other containers still run. */
  | { state: "ended"; exit: Exit; lingering: boolean }
  /** The pod was ended from outside: eviction, preemption, a lost node, a deadline. */
  | { state: "interrupted"; reason: string; message: string; deadline: boolean };

/** Waiting reasons that time alone seldom cures; each is given a grace before it fails the attempt. */
const blocking = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "ImageInspectError",
  "ErrImageNeverPull",
  "InvalidImageName",
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
]);

/** How long after its end was due a node may be silent about a pod before the pod counts as lost with it. */
const silenceMs = 30_000;

/** @param now milliseconds since 1970 */
export function observe(pod: V1Pod, now: number): Observation {
  const status = pod.status ?? {};
  const primary = status.containerStatuses?.find(({ name }) => name === primaryContainer(pod));
  const done = status.phase === "Succeeded" || status.phase === "Failed";
  // Kubernetes sets a reason on the pod itself only when it ended the pod as a whole.
  if (status.phase === "Failed" && status.reason) return interrupted(status.reason, status.message);
  const ended = primary?.state?.terminated;
  const taken = takenAway(pod);
  // Told to stop, a process ends by the signal or in its own way: that is not the task's failure.
  if (taken && ended && ended.exitCode !== 0) return interrupted(taken.reason, taken.message);
  // The kubelet calls the pod as a whole ended a moment later: only another container is worth stopping.
  const lingering = !done && (status.containerStatuses ?? []).some(({ state }) => !state?.terminated);
  if (ended) return { state: "ended", exit: exitOf(ended, primary.name), lingering };
  if (taken && done) return interrupted(taken.reason, taken.message);
  if (done) return withoutPrimary(pod);
  const due = timeOf(pod.metadata?.deletionTimestamp);
  if (due !== undefined && now > due + silenceMs) {
    return interrupted("NodeLost", `the node ${pod.spec?.nodeName ?? ""} no longer says anything of it`);
  }
  const startedAt = timeOf(primary?.state?.running?.startedAt);
  if (startedAt !== undefined) return { state: "running", startedAt };
  return waiting(pod);
}

/** Who took the pod away, where somebody did: a drain, a preemption, a taint, garbage collection, a deletion. */
function takenAway({ metadata, status }: V1Pod): { reason: string; message: string } | undefined {
  const disrupted = status?.conditions?.find(({ type, status: is }) => type === "DisruptionTarget" && is === "True");
  if (disrupted) {
    const reason = disrupted.reason ?? "DisruptionTarget";
    return { reason, message: disrupted.message ?? reason };
  }
  return metadata?.deletionTimestamp ? { reason: "PodDeleted", message: "it was deleted from outside" } : undefined;
}

export function primaryContainer(pod: V1Pod): string | undefined {
  return pod.metadata?.annotations?.[annotations.primaryContainer] ?? pod.spec?.containers[0]?.name;
}

function waiting(pod: V1Pod): Observation {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False" && scheduled.reason === "Unschedulable") {
    const message = scheduled.message ?? "no node has room";
    return { state: "waiting", phase: "WAITING_FOR_RESOURCES", message };
  }
  if (scheduled?.status !== "True") return { state: "waiting", phase: "QUEUED" };
  for (const { name, state } of containerStatuses(pod)) {
    const reason = state?.waiting?.reason;
    if (reason && blocking.has(reason)) {
      const message = state.waiting?.message ?? reason;
      return { state: "waiting", phase: "INITIALIZING", message, blocked: { reason, message, container: name } };
    }
  }
  return { state: "waiting", phase: "INITIALIZING" };
}

/** The pod is over and the task's container never ran: an init container failed, or its status was lost. */
function withoutPrimary(pod: V1Pod): Observation {
  for (const { name, state } of pod.status?.initContainerStatuses ?? []) {
    const ended = state?.terminated;
    if (ended && ended.exitCode !== 0) return { state: "ended", exit: exitOf(ended, name), lingering: false };
  }
  return interrupted("NoContainerStatus", "the node gave no account of the task's container");
}

function interrupted(reason: string, message: string | undefined): Observation {
  return { state: "interrupted", reason, message: message ?? reason, deadline: reason === "DeadlineExceeded" };
}

function exitOf(ended: V1ContainerStateTerminated, container: string): Exit {
  const startedAt = timeOf(ended.startedAt);
  const exit = { code: ended.exitCode, reason: ended.reason ?? "", message: ended.message ?? "", container };
  return startedAt === undefined ? exit : { ...exit, startedAt };
}

function containerStatuses(pod: V1Pod): V1ContainerStatus[] {
  return [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
}
