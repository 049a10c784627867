import { defineCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";

export const byocApiIsPrivate = defineCheck({
  id: "CLS-02",
  title: "BYOC: the Kubernetes API answers inside the network only",
  severity: "critical",
  claims: ["byoc-k8s-api-never-public"],
  documented: [],
  fix: "Switch the cluster's public endpoint off; the vendor comes by PrivateLink.",
  needs: ["cluster"],
  notApplicable: ({ model }) =>
    model === "self-managed" ? "self-managed: where its API answers is the customer's choice" : undefined,
  evaluate({ cluster }) {
    const { arn, publicEndpoint, privateEndpoint } = cluster;
    if (publicEndpoint) return [fail(arn, "the public endpoint is on")];
    if (!privateEndpoint) return [fail(arn, "the private endpoint is off")];
    return [pass(arn, "private endpoint only")];
  },
  sabotages: [
    {
      name: "the public endpoint is switched on",
      apply(facts) {
        facts.cluster.publicEndpoint = true;
      },
    },
    {
      name: "no private endpoint answers",
      apply(facts) {
        facts.cluster.privateEndpoint = false;
      },
    },
  ],
});
