/** What lets somebody in the cluster act as a service account: each as a step that a reader can try. */
import type { V1Pod } from "@kubernetes/client-node";
import { type Account, allows, type Grant, textOf } from "../rbac/grants.ts";

export interface Step {
  to: Account;
  text: string;
}

/** Whoever makes one of these says which account of the namespace its pods run as. */
const makers = [
  ["core", "pods"],
  ["core", "replicationcontrollers"],
  ["apps", "deployments"],
  ["apps", "statefulsets"],
  ["apps", "daemonsets"],
  ["apps", "replicasets"],
  ["batch", "jobs"],
  ["batch", "cronjobs"],
] as const;

/** Whoever does one of these to a pod runs what they like as the account that it has already. */
const intruders = [
  ["create", "pods/exec"],
  ["get", "pods/exec"],
  ["create", "pods/attach"],
  ["get", "pods/attach"],
  ["update", "pods/ephemeralcontainers"],
  ["patch", "pods/ephemeralcontainers"],
  ["update", "pods"],
  ["patch", "pods"],
] as const;

const rbac = "rbac.authorization.k8s.io";
const writes = ["create", "update", "patch"] as const;

/** @returns the first step onto each of the accounts */
export function stepsTo(accounts: readonly Account[], grants: readonly Grant[], pods: readonly V1Pod[]): Step[] {
  return accounts.flatMap((to): Step[] => {
    const found = byPod(to, grants) ?? byToken(to, grants) ?? byRunningPod(to, grants, pods) ?? byRole(to, grants);
    return found ? [{ to, text: found }] : [];
  });
}

function byPod({ namespace, name }: Account, grants: readonly Grant[]): string | undefined {
  for (const [group, resource] of makers) {
    for (const verb of resource === "pods" ? (["create"] as const) : writes) {
      const grant = allows(grants, { namespace, group, resource, verb });
      if (grant) return `${textOf(grant)} (${grant.via}): runs a pod as ${namespace}/${name}`;
    }
  }
  return undefined;
}

function byToken({ namespace, name }: Account, grants: readonly Grant[]): string | undefined {
  const token = allows(grants, { namespace, group: "core", resource: "serviceaccounts/token", name, verb: "create" });
  if (token) return `${textOf(token)} (${token.via}): asks for a token of ${namespace}/${name}`;
  const mask = allows(grants, { namespace, group: "core", resource: "serviceaccounts", name, verb: "impersonate" });
  return mask && `${textOf(mask)} (${mask.via}): acts as ${namespace}/${name}`;
}

function byRunningPod(
  { namespace, name }: Account,
  grants: readonly Grant[],
  pods: readonly V1Pod[],
): string | undefined {
  const own = pods.filter(
    ({ metadata, spec }) => metadata?.namespace === namespace && (spec?.serviceAccountName ?? "default") === name,
  );
  for (const { metadata } of own) {
    for (const [verb, resource] of intruders) {
      const pod = metadata?.name ?? "";
      const grant = allows(grants, { namespace, group: "core", resource, name: pod, verb });
      if (grant) return `${textOf(grant)} (${grant.via}): enters pod ${namespace}/${pod}, which runs as ${name}`;
    }
  }
  return undefined;
}

/** Who may bind or widen roles where the account lives gives itself what the other ways need. */
function byRole({ namespace, name }: Account, grants: readonly Grant[]): string | undefined {
  const ways = [
    ["bind", "clusterroles", "rolebindings"],
    ["bind", "clusterroles", "clusterrolebindings"],
    ["bind", "roles", "rolebindings"],
    ["escalate", "roles", "roles"],
    ["escalate", "clusterroles", "clusterroles"],
  ] as const;
  for (const [verb, resource, written] of ways) {
    const freed = allows(grants, { namespace, group: rbac, resource, verb });
    const wrote = writes.flatMap(
      (write) => allows(grants, { namespace, group: rbac, resource: written, verb: write }) ?? [],
    )[0];
    if (freed && wrote) {
      return `${textOf(freed)} and ${textOf(wrote)} (${freed.via}, ${wrote.via}): gives itself rights over ${namespace}/${name}`;
    }
  }
  return undefined;
}
