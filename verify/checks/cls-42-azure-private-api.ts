import { defineAzureCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";

export const azureApiIsPrivate = defineAzureCheck({
  id: "CLS-42",
  title: "BYOC: the Kubernetes API answers inside the network only, and no public name tells of it",
  severity: "critical",
  claims: ["byoc-k8s-api-never-public"],
  documented: [],
  fix: "Make the cluster private, without a public name; the vendor comes by the API's own Private Link service.",
  needs: ["azureCluster"],
  notApplicable: ({ model }) =>
    model === "self-managed" ? "self-managed: where its API answers is the customer's choice" : undefined,
  evaluate({ azureCluster: { id, privateApi, publicName } }) {
    if (!privateApi) return [fail(id, "the API has an address on the internet")];
    if (publicName) return [fail(id, "public DNS tells the API's private address")];
    return [pass(id, "private, by a name of the network's own")];
  },
  sabotages: [
    {
      name: "the API gets a public address",
      apply({ azureCluster }) {
        azureCluster.privateApi = false;
      },
    },
    {
      name: "its name is in public DNS",
      apply({ azureCluster }) {
        azureCluster.publicName = true;
      },
    },
  ],
});
