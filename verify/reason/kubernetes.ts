/** Small facts about Kubernetes objects that several checks need. */
import type { V1Container, V1NetworkPolicy, V1Pod, V1PolicyRule } from "@kubernetes/client-node";

/** Every container of a pod, whatever its kind. */
export function containersOf(pod: V1Pod): V1Container[] {
  return [
    ...(pod.spec?.initContainers ?? []),
    ...(pod.spec?.containers ?? []),
    ...(pod.spec?.ephemeralContainers ?? []).map((container) => container as V1Container),
  ];
}

/** Why a container may run as root, or undefined when it cannot. The container's own word counts before the pod's. */
export function rootReason(pod: V1Pod, container: V1Container): string | undefined {
  const own = container.securityContext;
  const shared = pod.spec?.securityContext;
  const user = own?.runAsUser ?? shared?.runAsUser;
  if (own?.privileged) return "privileged";
  if (user === 0) return "runAsUser is 0";
  if ((own?.runAsNonRoot ?? shared?.runAsNonRoot) !== true) return "runAsNonRoot is not true";
  return undefined;
}

/** Selects every pod of its namespace and names both directions. */
export function isDefaultDeny(policy: V1NetworkPolicy): boolean {
  const spec = policy.spec;
  const all =
    Object.keys(spec?.podSelector?.matchLabels ?? {}).length === 0 && !spec?.podSelector?.matchExpressions?.length;
  const types = spec?.policyTypes ?? [];
  const silent = !spec?.ingress?.length && !spec?.egress?.length;
  return all && silent && types.includes("Ingress") && types.includes("Egress");
}

/** Does the rule allow any of the verbs on the resource? `*` matches as the API server does. */
export function ruleAllows(rule: V1PolicyRule, group: string, resource: string, verbs: readonly string[]): boolean {
  const has = (list: string[] | undefined, wanted: string) =>
    (list ?? []).some((entry) => entry === "*" || entry === wanted);
  return has(rule.apiGroups, group) && has(rule.resources, resource) && verbs.some((verb) => has(rule.verbs, verb));
}

/** In words, for evidence. */
export function describeRule(rule: V1PolicyRule): string {
  const groups = (rule.apiGroups ?? []).map((group) => group || "core").join(",");
  const names = rule.resourceNames?.length ? ` named ${rule.resourceNames.join(",")}` : "";
  return `${(rule.verbs ?? []).join(",")} ${groups}/${(rule.resources ?? rule.nonResourceURLs ?? []).join(",")}${names}`;
}
