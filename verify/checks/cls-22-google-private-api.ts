import { defineGoogleCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";

export const googleApiIsPrivate = defineGoogleCheck({
  id: "CLS-22",
  title: "BYOC: the Kubernetes API answers inside the network only, by no name on the internet either",
  severity: "critical",
  claims: ["byoc-k8s-api-never-public"],
  documented: [],
  fix: "Switch the cluster's public endpoint and its DNS endpoint's external traffic off; the vendor comes by Private Service Connect.",
  needs: ["googleCluster"],
  notApplicable: ({ model }) =>
    model === "self-managed" ? "self-managed: where its API answers is the customer's choice" : undefined,
  evaluate({ googleCluster: { name, privateEndpoint, namedEndpointOpen, privateNodes } }) {
    if (!privateEndpoint) return [fail(name, "the API has an address on the internet")];
    if (namedEndpointOpen) return [fail(name, "the API's DNS endpoint takes traffic from the internet")];
    return [pass(name, `private endpoint only${privateNodes ? ", private nodes" : ""}`)];
  },
  sabotages: [
    {
      name: "the API gets a public address",
      apply({ googleCluster }) {
        googleCluster.privateEndpoint = false;
      },
    },
    {
      name: "its name answers on the internet",
      apply({ googleCluster }) {
        googleCluster.namedEndpointOpen = true;
      },
    },
  ],
});
