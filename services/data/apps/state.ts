/** How an app stands, from what Knative says of it. Pure. No word of the app's own leaves the cluster: only reasons do. */
import {
  Status_DeploymentStatus as Status,
  Status_Substate as Substate,
} from "../../../gen/flyteidl2/app/app_definition_pb.js";
import { annotations, conditionOf, type KnativeRevision, type KnativeService } from "./knative.ts";
import { type DesiredApp, isStopped } from "./plan.ts";

export interface AppState {
  status: Status;
  substate: Substate;
  message: string;
  replicas: number;
}

export interface Observed {
  service: KnativeService | undefined;
  /** By name, of the same namespace. */
  revision(name: string): KnativeRevision | undefined;
}

export function stateOf(app: DesiredApp, { service, revision }: Observed): AppState {
  if (isStopped(app)) return service ? state(Status.PENDING, "is being stopped") : state(Status.STOPPED, "stopped");
  const created = service?.status?.latestCreatedRevisionName;
  const latest = created === undefined ? undefined : revision(created);
  const replicas = latest?.status?.actualReplicas ?? 0;
  if (!service || !isCurrent(app, service)) return { ...state(Status.DEPLOYING, "is being deployed"), replicas };
  const ready = conditionOf(service);
  const why = reasonOf(latest) ?? ready?.reason;
  const substate = substates.find(([pattern]) => pattern.test(why ?? ""))?.[1] ?? Substate.SUBSTATE_UNSPECIFIED;
  switch (ready?.status) {
    case "True":
      return replicas > 0
        ? { ...state(Status.ACTIVE, "serves", Substate.RUNNING), replicas }
        : state(Status.ACTIVE, "serves; it has no pod until somebody asks", Substate.SCALED_TO_ZERO);
    case "False":
      return { ...state(Status.FAILED, failure(service, why), substate), replicas };
    default:
      return { ...state(Status.DEPLOYING, `is being deployed${inWords(why)}`, substate), replicas };
  }
}

/** @returns that of an app that the cluster does not take. */
export function refusedState(why: string): AppState {
  return state(Status.FAILED, why.slice(0, 1_024));
}

function state(status: Status, message: string, substate = Substate.SUBSTATE_UNSPECIFIED): AppState {
  return { status, substate, message, replicas: 0 };
}

/** Whether what Knative says is about what was asked of it last. */
function isCurrent({ revision }: DesiredApp, { metadata, status }: KnativeService): boolean {
  const applied = metadata.annotations?.[annotations.revision] === String(revision);
  return applied && status?.observedGeneration === metadata.generation;
}

function failure({ status }: KnativeService, why: string | undefined): string {
  const before = status?.latestReadyRevisionName;
  const serving = before && before !== status?.latestCreatedRevisionName ? "; the version before it still serves" : "";
  return `does not start${inWords(why)}${serving}`;
}

/** Reasons are single words of Knative's and Kubernetes'; whatever else stands there is not passed on. */
function inWords(reason: string | undefined): string {
  return reason !== undefined && /^[A-Za-z0-9]{1,64}$/.test(reason) ? ` (${reason})` : "";
}

/** The first condition that is not fulfilled says why. */
function reasonOf(revision: KnativeRevision | undefined): string | undefined {
  const conditions = revision?.status?.conditions ?? [];
  return conditions.find(({ type, status, reason }) => type !== "Ready" && status !== "True" && reason)?.reason;
}

const substates: readonly (readonly [RegExp, Substate])[] = [
  [/^(ContainerMissing|ErrImagePull|ImagePullBackOff|InvalidImageName)$/, Substate.IMAGE_PULL_ERROR],
  [/^(OOMKilled|ExitCode137)$/, Substate.OOM_KILLED],
  [/^(ExitCode\d+|CrashLoopBackOff|Error|ProgressDeadlineExceeded)$/, Substate.CRASH_LOOP],
  [/^(CreateContainerConfigError|FailedMount)$/, Substate.SECRET_MOUNT_ERROR],
  [/^(Deploying|ContainerCreating|ResolvingDigests|Activating)$/, Substate.INITIALIZING],
];
