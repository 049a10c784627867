import { defineGoogleCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { judgeOtherOrganisations, sharingSabotages } from "./cls-05-no-shared-compute.ts";

/** As CLS-05: a node tells its instance, and only a project's own are listed in it. */
export const nodesAreTheProjects = defineGoogleCheck({
  id: "CLS-25",
  title: "Every node is an instance of the customer's project, and works for one organisation",
  severity: "critical",
  claims: ["tenant-no-shared-compute"],
  documented: [],
  fix: "Run the cluster's nodes in the customer's project, and other organisations in clusters of their own.",
  needs: ["nodes", "googleNetwork", "namespaces", "pods"],
  evaluate({ nodes, googleNetwork, namespaces, pods }, target): Finding[] {
    if (nodes.every(({ spec }) => !spec?.providerID?.startsWith("gce://"))) return [];
    return [
      ...nodes.map(({ metadata, spec }): Finding => {
        const subject = `Node/${metadata?.name}`;
        const [, project, instance] = /^gce:\/\/([^/]+)\/([^/]+\/[^/]+)$/.exec(spec?.providerID ?? "") ?? [];
        if (instance === undefined) return fail(subject, `is no instance: ${spec?.providerID ?? "no providerID"}`);
        const own = project === target.project && googleNetwork.instances.includes(instance);
        return own ? pass(subject, `${instance} of ${project}`) : fail(subject, `${instance} is none of the project's`);
      }),
      ...judgeOtherOrganisations({ namespaces, pods }, target),
    ];
  },
  sabotages: [
    {
      name: "the last node is another project's instance",
      apply({ nodes }) {
        const last = nodes.at(-1);
        if (last?.spec) last.spec.providerID = "gce://vendor-ops/europe-west4-a/node";
      },
    },
    ...sharingSabotages,
  ],
});
