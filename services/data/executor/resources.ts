/** What a task's container may ask of the cluster: the template's wishes, filled from defaults and cut to the maximum. */
import type { V1Container, V1ResourceRequirements } from "@kubernetes/client-node";
import { type Resources, Resources_ResourceName } from "../../../gen/flyteidl2/core/tasks_pb.js";
import { InvalidTaskError } from "./invalid-task.ts";

export interface ResourceRules {
  /** Kubernetes quantities; used where the task names none. */
  defaultRequests: { cpu: string; memory: string };
  defaultLimits: { cpu: string; memory: string };
  /** No container of a task gets more. */
  maximum: { cpu: string; memory: string };
}

type Amounts = Record<string, string>;

const names: Partial<Record<Resources_ResourceName, string>> = {
  [Resources_ResourceName.CPU]: "cpu",
  [Resources_ResourceName.MEMORY]: "memory",
  [Resources_ResourceName.GPU]: "nvidia.com/gpu",
  [Resources_ResourceName.STORAGE]: "ephemeral-storage",
  [Resources_ResourceName.EPHEMERAL_STORAGE]: "ephemeral-storage",
};

/** The template's entries as a container's `resources`; entries of an unknown kind are left out. */
export function wishesOf(resources: Resources | undefined): V1ResourceRequirements {
  const amounts = (entries: Resources["requests"]): Amounts =>
    Object.fromEntries(entries.flatMap(({ name, value }) => (names[name] ? [[names[name], value]] : [])));
  return { requests: amounts(resources?.requests ?? []), limits: amounts(resources?.limits ?? []) };
}

/**
 * Both requests and limits are always set, since a namespace with a quota admits nothing else. A task that names only a
 * request gets at least that as its limit; a limit below the request is raised to it.
 *
 * @throws RangeError when a quantity cannot be read.
 */
export function clampResources(wished: V1ResourceRequirements, rules: ResourceRules): V1ResourceRequirements {
  const requests: Amounts = { ...rules.defaultRequests, ...wished.requests };
  const limits: Amounts = { ...rules.defaultLimits, ...wished.limits };
  for (const name of new Set([...Object.keys(requests), ...Object.keys(limits)])) {
    const extended = !["cpu", "memory", "ephemeral-storage"].includes(name);
    const most = name === "cpu" || name === "memory" ? rules.maximum[name] : undefined;
    const limit = smaller(limits[name], most);
    // A default request must not lift a limit that the task chose to be small.
    const request = wished.requests?.[name] ?? smaller(requests[name], limit);
    if (request !== undefined) requests[name] = smaller(request, most) ?? request;
    const raised = larger(limit, requests[name]);
    if (raised !== undefined && (limits[name] !== undefined || extended)) limits[name] = raised;
    // Kubernetes wants them equal for devices.
    if (extended && limits[name] !== undefined) requests[name] = limits[name];
  }
  return { requests, limits };
}

/** Of a container as it was asked for. @throws InvalidTaskError naming it, when a quantity cannot be read */
export function clampContainer({ name, resources = {} }: V1Container, rules: ResourceRules): V1ResourceRequirements {
  try {
    return clampResources(resources, rules);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InvalidTaskError(`resources of container "${name}": ${error.message}`);
  }
}

function smaller(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return quantity(a) <= quantity(b) ? a : b;
}

function larger(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return quantity(a) >= quantity(b) ? a : b;
}

const factors: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A Kubernetes quantity as a number: cores for cpu, bytes for memory. @throws RangeError */
export function quantity(text: string): number {
  const match = /^(\d+(?:\.\d*)?|\.\d+)(?:([eE][+-]?\d+)|([a-zA-Z]*))$/.exec(text);
  const factor = factors[match?.[3] ?? ""];
  if (!match || factor === undefined)
    throw new RangeError(`"${text}" is not a Kubernetes quantity such as 500m, 2 or 1Gi`);
  return Number(`${match[1]}${match[2] ?? ""}`) * factor;
}
