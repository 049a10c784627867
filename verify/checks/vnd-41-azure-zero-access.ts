import { defineAzureCheck } from "../check.ts";
import { subscriptionOf } from "../collect/azure/places.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { azurePlaneFacts } from "../reason/azure/plane.ts";
import type { AzureTarget } from "../target.ts";
import { give } from "./azure-questions.ts";
import { judgePrincipals, stranger } from "./iam-46-azure-foreign.ts";
import { isOwn } from "./net-43-azure-private-management.ts";
import { judgeBindings } from "./rbac-03-no-vendor-subjects.ts";

/** Rights on Azure come by assignments and delegations alone: where nobody else is named in any, nobody else has a way. */
export const vendorHasNoWayIntoSubscription = defineAzureCheck({
  id: "VND-41",
  title: "Self-managed: nobody else is named in any assignment, delegation, binding or network of the subscription",
  severity: "critical",
  claims: ["model-sm-zero-vendor-access"],
  documented: ["C07"],
  fix: "Remove the foreign assignment, delegation or network; a self-managed plane knows no vendor.",
  needs: [...azurePlaneFacts, "azureVaults", "azureCluster", "azureNetwork", "clusterRoleBindings", "roleBindings"],
  notApplicable: ({ model }) =>
    model === "byoc" ? "BYOC: the vendor's identity and private link are there by design" : undefined,
  evaluate: (facts, target) => [
    ...judgePrincipals(facts, target),
    ...judgeBindings(facts),
    ...judgeNetwork(facts, target),
  ],
  sabotages: [
    {
      name: "the vendor's people read the subscription",
      apply: (facts, target) => give(facts, stranger, subscriptionOf(target), { actions: ["*/read"] }, "Group"),
    },
    {
      name: "the vendor's tenant manages it",
      apply({ azureRights }, target) {
        const id = `${subscriptionOf(target)}/providers/Microsoft.ManagedServices/registrationAssignments/1`;
        azureRights.delegations.push({ id, toTenant: "44444444-4444-4444-8444-444444444444", name: "support" });
      },
    },
    {
      name: "a support group is bound in the cluster",
      apply({ clusterRoleBindings }) {
        clusterRoleBindings.push({
          metadata: { name: "support" },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
          subjects: [{ kind: "Group", name: "vendor-support" }],
        });
      },
    },
    {
      name: "the network is peered with another subscription's",
      apply({ azureNetwork }) {
        const network = "/subscriptions/vendor/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/management";
        azureNetwork.peerings.push({ name: "vendor", network, state: "Connected" });
      },
    },
    {
      name: "a gateway leads out of the network",
      apply({ azureNetwork }) {
        azureNetwork.gateways.push(`${azureNetwork.id}/subnets/GatewaySubnet`);
      },
    },
    {
      name: "the vendor's endpoint is let in to the API",
      apply({ azureCluster }) {
        const endpoint = "/subscriptions/vendor/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/e";
        azureCluster.connections.push({ name: "vendor.1", state: "Approved", endpoint });
      },
    },
    {
      name: "a Private Link service offers a way in",
      apply({ azureNetwork }) {
        const id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateLinkServices/second";
        azureNetwork.linkServices.push({ id, visibleTo: ["vendor"], connections: [] });
      },
    },
  ],
});

/** Between networks; where a gateway ends only its owner can tell. */
function judgeNetwork(
  { azureNetwork, azureCluster }: Pick<Facts, "azureNetwork" | "azureCluster">,
  target: AzureTarget,
): Finding[] {
  const own = `${subscriptionOf(target)}/`.toLowerCase();
  const foreign = [
    ...azureNetwork.peerings
      .filter(({ network }) => !network.toLowerCase().startsWith(own))
      .map(({ name, network }) => fail(`peering ${name}`, `joins ${network}`)),
    ...azureNetwork.gateways.map((subnet) => fail(subnet, "leads to a network elsewhere")),
    ...azureNetwork.linkServices.flatMap(({ id, visibleTo, connections }) => [
      ...visibleTo
        .filter((who) => who.toLowerCase() !== target.subscription.toLowerCase())
        .map((who) => fail(id, `offered to ${who}`)),
      ...connections
        .filter((endpoint) => !isOwn(endpoint, azureCluster.id))
        .map((endpoint) => fail(id, `${endpoint} is connected`)),
    ]),
    ...azureCluster.connections
      .filter(({ endpoint, state }) => state !== "Rejected" && !isOwn(endpoint, azureCluster.id))
      .map(({ name, state, endpoint }) => fail(`connection ${name}`, `of ${endpoint || "whoever asked"} is ${state}`)),
  ];
  return foreign.length > 0 ? foreign : [pass(azureNetwork.id, "joined with no other subscription's")];
}
