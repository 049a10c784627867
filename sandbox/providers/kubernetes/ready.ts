/** When an object counts as made: pure judgements over what the API server answers, in the real provider's sense. */
import { isProperties, type Properties, type Value } from "../machine/values.ts";
import { kindOf } from "./kinds.ts";

export type Readiness = { state: "ready" } | { state: "waiting"; why: string } | { state: "failed"; why: string };

const ready: Readiness = { state: "ready" };

/** Kinds without an entry are made as soon as they are stored. */
export function readinessOf(object: Properties): Readiness {
  return (judgements[kindOf(object)] ?? (() => ready))(object);
}

export function awaited(object: Properties): boolean {
  return kindOf(object) in judgements;
}

const judgements: Record<string, (object: Properties) => Readiness> = {
  "apps/v1 Deployment": deployment,
  "apps/v1 StatefulSet": statefulSet,
  "batch/v1 Job": job,
  "apiextensions.k8s.io/v1 CustomResourceDefinition": definition,
};

function deployment(object: Properties): Readiness {
  const status = section(object.status);
  const generation = number(section(object.metadata).generation);
  const wanted = number(section(object.spec).replicas, 1);
  if (number(status.observedGeneration) < generation)
    return { state: "waiting", why: "the controller has not seen it" };
  const progressing = condition(object, "Progressing");
  if (progressing?.reason === "ProgressDeadlineExceeded") return { state: "failed", why: text(progressing.message) };
  const failure = condition(object, "ReplicaFailure");
  if (failure?.status === "True") return { state: "waiting", why: text(failure.message) };
  const [updated, total, available] = [status.updatedReplicas, status.replicas, status.availableReplicas].map((value) =>
    number(value),
  ) as [number, number, number];
  if (updated < wanted) return { state: "waiting", why: `${updated} of ${wanted} pods are new` };
  if (total > updated) return { state: "waiting", why: `${total - updated} old pods still run` };
  if (available < wanted) return { state: "waiting", why: `${available} of ${wanted} pods are available` };
  return ready;
}

function statefulSet(object: Properties): Readiness {
  const status = section(object.status);
  const wanted = number(section(object.spec).replicas, 1);
  if (number(status.observedGeneration) < number(section(object.metadata).generation))
    return { state: "waiting", why: "the controller has not seen it" };
  const [updated, able] = [number(status.updatedReplicas), number(status.readyReplicas)];
  if (updated < wanted) return { state: "waiting", why: `${updated} of ${wanted} pods are new` };
  if (able < wanted) return { state: "waiting", why: `${able} of ${wanted} pods are ready` };
  return ready;
}

function job(object: Properties): Readiness {
  const failed = condition(object, "Failed");
  if (failed?.status === "True") return { state: "failed", why: `${failed.reason}: ${failed.message}` };
  if (condition(object, "Complete")?.status === "True") return ready;
  const { active, failed: failures } = section(object.status);
  return { state: "waiting", why: `${number(active)} pods run, ${number(failures)} have failed` };
}

function definition(object: Properties): Readiness {
  const rejected = condition(object, "NamesAccepted");
  if (rejected?.status === "False") return { state: "failed", why: text(rejected.message) };
  if (condition(object, "Established")?.status === "True") return ready;
  return { state: "waiting", why: "the API server does not serve it yet" };
}

export function condition(object: Properties, type: string): Properties | undefined {
  const { conditions } = section(object.status);
  return Array.isArray(conditions) ? conditions.filter(isProperties).find((entry) => entry.type === type) : undefined;
}

export function section(value: Value | undefined): Properties {
  return isProperties(value) ? value : {};
}

function number(value: Value | undefined, absent = 0): number {
  return typeof value === "number" ? value : absent;
}

function text(value: Value | undefined): string {
  return typeof value === "string" ? value : "no reason was given";
}
