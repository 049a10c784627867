/** That what stands in a namespace of ours is reached from within the cluster alone: judged alike wherever it is asked. */
import type {
  V1LabelSelector,
  V1NetworkPolicy,
  V1NetworkPolicyIngressRule,
  V1NetworkPolicyPeer,
  V1Service,
} from "@kubernetes/client-node";
import { subjectOf } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { isDefaultDeny } from "../reason/kubernetes.ts";

export function judgeService(service: V1Service): Finding {
  const { type = "ClusterIP", externalIPs = [] } = service.spec ?? {};
  const subject = subjectOf("Service", service);
  if (type !== "ClusterIP") return fail(subject, `is of type ${type}`);
  return externalIPs.length > 0 ? fail(subject, `takes ${externalIPs[0]}`) : pass(subject, "within the cluster alone");
}

export function judgeDefaultDeny(namespace: string, policies: readonly V1NetworkPolicy[]): Finding {
  return policies.some((policy) => policy.metadata?.namespace === namespace && isDefaultDeny(policy))
    ? pass(`Namespace/${namespace}`, "everything is refused that is not named")
    : fail(`Namespace/${namespace}`, "has no default deny");
}

/**
 * Policies add up: one that opens a door opens it whatever the others say.
 * @param meant rules that let in more than named pods, and are to
 */
export function judgeFences(
  namespace: string,
  policies: readonly V1NetworkPolicy[],
  meant: (policy: V1NetworkPolicy, rule: V1NetworkPolicyIngressRule) => boolean = () => false,
): Finding[] {
  const open = policies.filter(
    (policy) =>
      policy.metadata?.namespace === namespace &&
      policy.spec?.ingress?.some((rule) => !letsInNamedPods(rule) && !meant(policy, rule)),
  );
  return [
    judgeDefaultDeny(namespace, policies),
    ...open.map((policy) => fail(subjectOf("NetworkPolicy", policy), "lets in more than named pods")),
  ];
}

function letsInNamedPods({ _from = [] }: V1NetworkPolicyIngressRule): boolean {
  return _from.length > 0 && _from.every(namesPods);
}

/** By a label at least, and of what namespace: an empty selector is every one's. */
function namesPods({ ipBlock, podSelector, namespaceSelector }: V1NetworkPolicyPeer): boolean {
  return !ipBlock && selects(podSelector) && (namespaceSelector === undefined || selects(namespaceSelector));
}

/** One that only says what a label must not be takes in nearly all. */
function selects({ matchLabels = {}, matchExpressions = [] }: V1LabelSelector = {}): boolean {
  const named = matchExpressions.some(({ operator }) => operator === "In" || operator === "Exists");
  return named || Object.keys(matchLabels).length > 0;
}
