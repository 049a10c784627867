import { defineAzureJointCheck } from "../check.ts";
import { clusterId, sameId } from "../collect/azure/places.ts";
import type { AzureClusterFact } from "../facts-azure.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { azurePlaneFacts } from "../reason/azure/plane.ts";
import { askAll } from "./azure-questions.ts";
import { heardSabotages, judgeHeard } from "./cls-07-availability.ts";

const clusters = "Microsoft.ContainerService/managedClusters";

/** What managing a cluster and keeping it available takes: to watch it, to patch its nodes, to give it more of them. */
const duties = [
  `${clusters}/read`,
  `${clusters}/upgradeProfiles/read`,
  `${clusters}/agentPools/read`,
  `${clusters}/agentPools/upgradeProfiles/read`,
  `${clusters}/agentPools/upgradeNodeImageVersion/action`,
  `${clusters}/agentPools/write`,
];
const clusterWrite = `${clusters}/write`;

/** In no group of the customer's, as CLS-43 has it. */
const noGroups: readonly string[] = [];

/**
 * The kit never lets the vendor write the cluster itself, since who may could turn its walls off (decision 42): its version
 * then comes by AKS's own channel, and where that is off nobody of the vendor's brings it.
 */
export const azureVendorKeepsItAvailable = defineAzureJointCheck({
  id: "CLS-47",
  title:
    "BYOC: the vendor manages the cluster and keeps it available: its identity may watch, patch and scale it, and versions come",
  severity: "high",
  claims: ["model-byoc-vendor-manages", "resp-dp-availability-byoc"],
  documented: [],
  fix: "Set the management level of the customer's base stack to no-delete or full and its channel to patch or stable, and bring the stack up again.",
  needs: [...azurePlaneFacts, "azureCluster", "regionClusters"],
  notApplicable({ customer: { model, management } }) {
    if (model === "self-managed")
      return "self-managed: the customer keeps the cluster available, and the vendor has no way in, as VND-41 decides";
    return management?.level === "read-only" ? "the customer lets the vendor look only, and manages itself" : undefined;
  },
  evaluate(facts, { customer }) {
    const { management } = customer;
    if (!management) return [fail("management", "the target names no management identity")];
    const { clientId, principalId: principal } = management;
    if (!facts.azureIdentities.some((one) => one.clientId === clientId && one.principalId === principal))
      return [fail(clientId, "does not exist")];
    const resource = clusterId(customer);
    if (!sameId(facts.azureCluster.id, resource)) return [fail(facts.azureCluster.id, `is not ${resource}`)];
    const ask = (action: string) =>
      askAll(facts, [{ principal, action, resource, data: false, wanted: "allow" }], noGroups);
    return [
      judgeHeard(facts, customer),
      ...duties.flatMap(ask),
      judgeVersions(
        facts.azureCluster,
        ask(clusterWrite).every(({ ok }) => ok),
      ),
    ];
  },
  sabotages: [
    {
      name: "the identity's role only looks",
      apply({ azureRoles }) {
        for (const { permissions } of azureRoles)
          for (const one of permissions)
            one.actions = one.actions.filter((action) => !/\/agentPools\/.*write/.test(action));
      },
    },
    {
      name: "a denial keeps it from the nodes' images",
      apply({ azureRights }, { customer }) {
        const none = { notActions: [], dataActions: [], notDataActions: [] };
        azureRights.denials.push({
          ...{ scope: clusterId(customer), onlyThere: false, except: [] },
          permissions: [{ ...none, actions: [`${clusters}/agentPools/upgradeNodeImageVersion/action`] }],
          principals: [{ id: customer.management?.principalId ?? "", type: "ServicePrincipal" }],
        });
      },
    },
    {
      name: "the identity has no right on the cluster",
      apply({ azureRights }, { customer }) {
        azureRights.assignments = azureRights.assignments.filter(
          ({ principal }) => principal.id !== customer.management?.principalId,
        );
      },
    },
    {
      name: "the identity is gone",
      apply(facts, { customer }) {
        facts.azureIdentities = facts.azureIdentities.filter(
          ({ clientId }) => clientId !== customer.management?.clientId,
        );
      },
    },
    {
      name: "no version comes by itself, and the vendor may bring none",
      apply({ azureCluster }) {
        azureCluster.upgrades.cluster = "none";
      },
    },
    ...heardSabotages,
  ],
});

function judgeVersions({ id, upgrades: { cluster, nodes } }: AzureClusterFact, mayWrite: boolean): Finding {
  const channels = `the cluster's channel is ${cluster}, its nodes' ${nodes}`;
  if (mayWrite) return pass(id, `the vendor may bring newer versions; ${channels}`);
  return cluster === "none"
    ? fail(id, `${channels}: no newer version comes, and the vendor may bring none`)
    : pass(id, `${channels}: newer versions come by AKS itself`);
}
