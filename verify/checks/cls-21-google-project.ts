import { defineGoogleCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";

export const clusterInCustomerProject = defineGoogleCheck({
  id: "CLS-21",
  title: "The cluster lies in the customer's project and region",
  severity: "high",
  claims: ["tenant-cluster-in-customer-account"],
  documented: [],
  fix: "Create the customer stack with the customer's own credentials.",
  needs: ["googleCluster", "googleProject"],
  evaluate({ googleCluster: { name }, googleProject }, { project, region, clusterName }) {
    const wanted = `projects/${project}/locations/${region}/clusters/${clusterName}`;
    if (googleProject.id !== project) return [fail(name, `the project that was read is ${googleProject.id}`)];
    return [name === wanted ? pass(name, `project ${googleProject.number}`) : fail(name, `is not ${wanted}`)];
  },
  sabotages: [
    {
      name: "the cluster stands in the vendor's project",
      apply({ googleCluster }) {
        googleCluster.name = googleCluster.name.replace(/^projects\/[^/]+/, "projects/vendor-ops");
      },
    },
    {
      name: "it stands in another region",
      apply({ googleCluster }) {
        googleCluster.name = googleCluster.name.replace(/locations\/[^/]+/, "locations/us-central1");
      },
    },
  ],
});
