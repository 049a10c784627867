/** Whose pod it is: labels are anybody's to write, a Deployment's pods are those of its ReplicaSets by their uids. */
import type { V1ObjectMeta, V1OwnerReference, V1Pod } from "@kubernetes/client-node";
import type { Facts } from "../facts.ts";

/** The name of the Deployment that a pod is of, or why it is none's. */
export function deploymentOf(
  pod: V1Pod,
  { replicaSets, deployments }: Pick<Facts, "replicaSets" | "deployments">,
): { deployment: string } | { reason: string } {
  const set = ownerIn(pod, "ReplicaSet", replicaSets);
  if ("reason" in set) return set;
  const deployment = ownerIn(set.owner, "Deployment", deployments);
  if ("reason" in deployment) return { reason: `of ReplicaSet ${nameOf(set.owner)}, which is ${deployment.reason}` };
  return { deployment: nameOf(deployment.owner) };
}

interface Owned {
  metadata?: V1ObjectMeta;
}

function ownerIn<T extends Owned>(object: Owned, kind: string, all: readonly T[]): { owner: T } | { reason: string } {
  const named = object.metadata?.ownerReferences?.find(({ controller }) => controller === true);
  if (!named) return { reason: "of nobody" };
  if (named.kind !== kind || named.apiVersion !== "apps/v1") return { reason: `of ${tell(named)}` };
  const owner = all.find(
    ({ metadata }) => metadata?.namespace === object.metadata?.namespace && metadata?.uid === named.uid,
  );
  return owner && named.uid !== "" ? { owner } : { reason: `of ${tell(named)}, which is not there` };
}

function tell({ kind, name }: V1OwnerReference): string {
  return `${kind} ${name}`;
}

function nameOf({ metadata }: Owned): string {
  return metadata?.name ?? "";
}
