import { defineAzureCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { judgeOtherOrganisations, sharingSabotages } from "./cls-05-no-shared-compute.ts";

/** As CLS-05: a node tells its machine, and only the cluster's own scale sets are listed in its group. */
export const nodesAreTheSubscriptions = defineAzureCheck({
  id: "CLS-45",
  title: "Every node is a machine of the cluster's own scale sets in the subscription, and works for one organisation",
  severity: "critical",
  claims: ["tenant-no-shared-compute"],
  documented: [],
  fix: "Run the cluster's nodes in the customer's subscription, and other organisations in clusters of their own.",
  needs: ["nodes", "azureCluster", "namespaces", "pods"],
  evaluate({ nodes, azureCluster, namespaces, pods }, target): Finding[] {
    if (nodes.every(({ spec }) => !spec?.providerID?.startsWith("azure://"))) return [];
    const { nodeGroup, scaleSets } = azureCluster;
    return [
      ...nodes.map(({ metadata, spec }): Finding => {
        const subject = `Node/${metadata?.name}`;
        const [, subscription = "", group = "", set] =
          /^azure:\/\/\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Compute\/virtualMachineScaleSets\/([^/]+)\/virtualMachines\/[^/]+$/i.exec(
            spec?.providerID ?? "",
          ) ?? [];
        if (set === undefined)
          return fail(subject, `is no machine of a scale set: ${spec?.providerID ?? "no providerID"}`);
        const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
        const own =
          same(subscription, target.subscription) && same(group, nodeGroup) && scaleSets.some((one) => same(one, set));
        return own
          ? pass(subject, `of ${set} in ${group}`)
          : fail(subject, `${set} of ${group} is none of the cluster's`);
      }),
      ...judgeOtherOrganisations({ namespaces, pods }, target),
    ];
  },
  sabotages: [
    {
      name: "the last node is another subscription's machine",
      apply({ nodes }) {
        const last = nodes.at(-1);
        if (last?.spec?.providerID)
          last.spec.providerID = last.spec.providerID.replace(/subscriptions\/[^/]+/, "subscriptions/vendor");
      },
    },
    {
      name: "its scale set is not there",
      apply({ azureCluster }) {
        azureCluster.scaleSets = [];
      },
    },
    ...sharingSabotages,
  ],
});
