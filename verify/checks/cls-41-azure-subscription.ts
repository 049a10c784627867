import { defineAzureCheck } from "../check.ts";
import { clusterId, sameId } from "../collect/azure/places.ts";
import { fail, pass } from "../outcome.ts";

export const clusterInCustomerSubscription = defineAzureCheck({
  id: "CLS-41",
  title: "The cluster lies in the customer's subscription and region, and lets people in by that tenant alone",
  severity: "high",
  claims: ["tenant-cluster-in-customer-account"],
  documented: [],
  fix: "Create the customer stack with the customer's own credentials.",
  needs: ["azureCluster"],
  evaluate({ azureCluster: { id, location, entra, localAccounts } }, target) {
    const wanted = clusterId(target);
    if (!sameId(id, wanted)) return [fail(id, `is not ${wanted}`)];
    if (location !== target.region) return [fail(id, `in ${location}`)];
    if (!entra || localAccounts)
      return [fail(id, "lets people in by certificates of its own, not by the tenant alone")];
    return [pass(id, `in ${location}, by Entra alone`)];
  },
  sabotages: [
    {
      name: "the cluster stands in the vendor's subscription",
      apply({ azureCluster }) {
        azureCluster.id = azureCluster.id.replace(/^\/subscriptions\/[^/]+/, "/subscriptions/vendor");
      },
    },
    {
      name: "it stands in another region",
      apply({ azureCluster }) {
        azureCluster.location = "eastus";
      },
    },
    {
      name: "it has accounts of its own",
      apply({ azureCluster }) {
        azureCluster.localAccounts = true;
      },
    },
  ],
});
