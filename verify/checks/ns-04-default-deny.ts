import type { V1LabelSelector, V1NetworkPolicyPeer, V1NetworkPolicyPort } from "@kubernetes/client-node";
import { defineClusterCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";
import { isDefaultDeny } from "../reason/kubernetes.ts";
import { ownNamespaces } from "../target.ts";

/** What the policies say. Whether the cluster's network obeys them is another check's question, decided by a probe. */
export const defaultDenyEverywhere = defineClusterCheck({
  id: "NS-04",
  title: "Every namespace of ours denies all traffic by default, both ways, and then allows by name",
  severity: "high",
  claims: ["ns-network-policies", "verify-networkpolicies"],
  documented: ["C04"],
  fix: "Add a NetworkPolicy with an empty podSelector, both policyTypes and no rules.",
  needs: ["networkPolicies"],
  evaluate({ networkPolicies }, target) {
    const policiesIn = Map.groupBy(networkPolicies, ({ metadata }) => metadata?.namespace);
    return ownNamespaces(target).map((namespace) => {
      const policies = policiesIn.get(namespace) ?? [];
      const deny = policies.find(isDefaultDeny);
      if (!deny) return fail(`Namespace/${namespace}`, `${policies.length} policies, none denies both ways`);
      const open = policies.find(
        ({ spec }) =>
          spec?.ingress?.some(({ _from: peers, ports }) => !peers?.length || peers.some((one) => isWide(one, ports))) ||
          spec?.egress?.some(({ to: peers, ports }) =>
            peers?.length ? peers.some((one) => isWide(one, ports)) : !ports?.length,
          ),
      );
      if (open) return fail(`NetworkPolicy/${namespace}/${open.metadata?.name}`, "allows every peer");
      return pass(`Namespace/${namespace}`, `${deny.metadata?.name} and ${policies.length - 1} allowances`);
    });
  },
  sabotages: [
    {
      name: "the last namespace loses its default deny",
      apply(facts, target) {
        const last = ownNamespaces(target).at(-1);
        facts.networkPolicies = facts.networkPolicies.filter(
          (policy) => policy.metadata?.namespace !== last || !isDefaultDeny(policy),
        );
      },
    },
    {
      name: "the deny covers incoming traffic only",
      apply(facts) {
        for (const { spec } of facts.networkPolicies.filter(isDefaultDeny)) if (spec) spec.policyTypes = ["Ingress"];
      },
    },
    {
      name: "one policy lets everybody in",
      apply(facts, target) {
        facts.networkPolicies.push({
          metadata: { name: "debug", namespace: target.namespace },
          spec: { podSelector: {}, policyTypes: ["Ingress"], ingress: [{}] },
        });
      },
    },
    {
      name: "one policy lets in every pod of every namespace, in the last one",
      apply(facts, target) {
        const ingress = [{ _from: [{ namespaceSelector: {}, podSelector: {} }] }];
        facts.networkPolicies.push({
          metadata: { name: "debug", namespace: ownNamespaces(target).at(-1) },
          spec: { podSelector: {}, policyTypes: ["Ingress"], ingress },
        });
      },
    },
    {
      name: "one policy lets pods out to all of IPv6, on every port",
      apply(facts, target) {
        const egress = [{ to: [{ ipBlock: { cidr: "::/0" } }] }];
        facts.networkPolicies.push({
          metadata: { name: "debug", namespace: target.namespace },
          spec: { podSelector: {}, policyTypes: ["Egress"], egress },
        });
      },
    },
  ],
});

/** Every pod of every namespace; or every address on every port, and halves of the internet are two rules. */
function isWide(
  { ipBlock, namespaceSelector, podSelector }: V1NetworkPolicyPeer,
  ports: V1NetworkPolicyPort[] = [],
): boolean {
  if (ipBlock) return ports.length === 0 && /\/[01]$/.test(ipBlock.cidr);
  return namespaceSelector !== undefined && [namespaceSelector, podSelector].every(isEmpty);
}

/** An empty selector is every one's, as a missing one of pods is. */
function isEmpty({ matchLabels = {}, matchExpressions = [] }: V1LabelSelector = {}): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}
