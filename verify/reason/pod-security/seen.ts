/** Helpers that every check reads a pod by: each place with its value, in words. */
import type { Container, Pod, SecurityContext } from "./pod.ts";

/** Why a pod is refused: one sentence a place. None: the check lets it pass. */
export type Judge = (pod: Pod) => string[];

export const say = (place: string, value: unknown): string => `${place} is ${JSON.stringify(value)}`;

/** At every container, ephemeral and init ones too. */
export function atContainers(
  find: (container: Container) => Iterable<readonly [field: string, value: unknown]>,
): Judge {
  return ({ containers }) =>
    containers.flatMap(({ place, container }) =>
      [...find(container)].map(([field, value]) => say(`${place}.${field}`, value)),
    );
}

/** At the pod's own security context and at every container's. */
export function atContexts(
  find: (context: SecurityContext) => Iterable<readonly [field: string, value: unknown]>,
): Judge {
  return (pod) =>
    contextsOf(pod).flatMap(({ place, context }) =>
      [...find(context)].map(([field, value]) => say(`${place}.${field}`, value)),
    );
}

function contextsOf({ spec, containers }: Pod): { place: string; context: SecurityContext }[] {
  return [
    { place: "spec", context: spec.securityContext },
    ...containers.map(({ place, container }) => ({ place, context: container.securityContext })),
  ].flatMap(({ place, context }) => (context ? [{ place: `${place}.securityContext`, context }] : []));
}

export const unless =
  (spared: (pod: Pod) => boolean, judge: Judge): Judge =>
  (pod) =>
    spared(pod) ? [] : judge(pod);

/** The API server lets no such pod set what does not exist there. */
export const isWindows = ({ spec }: Pod): boolean => spec.os?.name === "windows";

/** Its users are nobody on the node. */
export const ownUsers = ({ spec }: Pod): boolean => spec.hostUsers === false;
