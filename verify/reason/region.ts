/** Small facts about the region's pods that several checks need. */
import type { V1Pod } from "@kubernetes/client-node";
import { containersOf } from "./kubernetes.ts";

/** Pods of the namespace that do or will do something: one that has ended is a record. */
export function servicePods(pods: V1Pod[], namespace: string): V1Pod[] {
  return pods.filter(
    ({ metadata, status }) =>
      metadata?.namespace === namespace && status?.phase !== "Succeeded" && status?.phase !== "Failed",
  );
}

interface Variable {
  /** `Pod/name`. */
  pod: string;
  name: string;
  value: string;
  /** Changes the fact, for a sabotage. */
  set(value: string): void;
}

/** Every variable of every container that has its value in the pod itself. */
export function serviceEnvironment(pods: V1Pod[], namespace: string): Variable[] {
  return servicePods(pods, namespace).flatMap((pod) =>
    containersOf(pod)
      .flatMap(({ env = [] }) => env)
      .filter(({ value }) => value !== undefined)
      .map((variable) => ({
        pod: `Pod/${namespace}/${pod.metadata?.name}`,
        name: variable.name,
        value: variable.value ?? "",
        set(value) {
          variable.value = value;
        },
      })),
  );
}
