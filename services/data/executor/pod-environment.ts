/** The environment of a task's container, as the client's runtime expects it (flyte-protocol.md section 5). */
import type { V1EnvVar } from "@kubernetes/client-node";

export interface EnvironmentArgs {
  org: string;
  project: string;
  domain: string;
  runName: string;
  actionName: string;
  runOutputBase: string;
  /** From 1; the client counts from 0. */
  attempt: number;
  /** Host that the pod calls to run child actions. */
  controlPlaneHost: string;
  /** Secret in the project's namespace that holds the pod's API key, under `api-key`. */
  eagerSecret: string;
  /** Of the cloud, of the run, then of the task: the later wins. */
  cloud?: Record<string, string>;
  run: Record<string, string>;
  task: V1EnvVar[];
}

/** The home folder and the folder of shipped code: places that a non-root user can write on a read-only root. */
export const home = "/home/task";
export const workspace = "/workspace";

export function podEnvironment(args: EnvironmentArgs): V1EnvVar[] {
  const run = Object.entries({ ...args.cloud, ...args.run }).map(([name, value]) => ({ name, value }));
  return layered([...run, ...args.task, ...identity(args)]);
}

export interface AppEnvironmentArgs
  extends Pick<EnvironmentArgs, "org" | "project" | "domain" | "controlPlaneHost" | "eagerSecret"> {
  app: V1EnvVar[];
}

/** Of an app's container: it belongs to no run. */
export function appEnvironment(args: AppEnvironmentArgs): V1EnvVar[] {
  return layered([...args.app, ...place(args)]);
}

/** The later wins. */
function layered(variables: V1EnvVar[]): V1EnvVar[] {
  const byName = new Map<string, V1EnvVar>();
  const set = (variable: V1EnvVar) => {
    // Kubernetes expands $(NAME) only from variables above, so a later value also takes the later place.
    byName.delete(variable.name);
    byName.set(variable.name, variable);
  };
  for (const [name, value] of Object.entries(defaults)) set({ name, value });
  for (const variable of variables) set(variable);
  return [...byName.values()];
}

/** A run or a task may change these. */
const defaults: Record<string, string> = {
  HOME: home,
  PYTHONUNBUFFERED: "1",
  // The client's crash reports would leave the customer's network.
  DO_NOT_TRACK: "1",
};

const eagerVariable = "_UNION_EAGER_API_KEY";

/** Whether a variable says who the pod is or whom it trusts, so that nobody may put something else in its place. */
export function isPlatformVariable(name: string): boolean {
  return /^(_U_|_UNION_|FLYTE_INTERNAL_)/.test(name) || platformVariables.has(name);
}

const platformVariables = new Set(["ACTION_NAME", "RUN_NAME", "FLYTE_ATTEMPT_NUMBER"]);

/** A run or a task may not: they say who the pod is and where it may report. */
function identity(args: EnvironmentArgs): V1EnvVar[] {
  const values: Record<string, string> = {
    ACTION_NAME: args.actionName,
    RUN_NAME: args.runName,
    _U_RUN_BASE: args.runOutputBase,
    FLYTE_ATTEMPT_NUMBER: String(args.attempt - 1),
    _U_USE_ACTIONS: "1",
  };
  return [...Object.entries(values).map(([name, value]) => ({ name, value })), ...place(args)];
}

/** Where a pod works, and by what it calls the region. */
function place(args: Omit<AppEnvironmentArgs, "app">): V1EnvVar[] {
  const values: Record<string, string> = {
    _U_ORG_NAME: args.org,
    FLYTE_INTERNAL_EXECUTION_PROJECT: args.project,
    FLYTE_INTERNAL_EXECUTION_DOMAIN: args.domain,
    _U_EP_OVERRIDE: args.controlPlaneHost,
  };
  return [
    ...Object.entries(values).map(([name, value]) => ({ name, value })),
    { name: eagerVariable, valueFrom: { secretKeyRef: { name: args.eagerSecret, key: "api-key" } } },
  ];
}
