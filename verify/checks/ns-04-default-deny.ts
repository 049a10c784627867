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
          spec?.ingress?.some((rule) => !rule._from?.length) ||
          spec?.egress?.some((rule) => !rule.to?.length && !rule.ports?.length),
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
  ],
});
