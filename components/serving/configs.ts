/** Knative's settings, as its ConfigMaps: what is not named here is Knative's own default. */
import { hostTemplate, ingressClass, type ServingSettings } from "./contract.ts";

/** Knative's webhook looks at those with its own name and one of these components. */
const component = {
  "config-autoscaler": "autoscaler",
  "config-network": "networking",
  "config-logging": "logging",
  "config-observability": "observability",
} as Record<string, string>;

export function configLabels(name: string): Record<string, string> {
  return {
    "app.kubernetes.io/name": "knative-serving",
    "app.kubernetes.io/component": component[name] ?? "controller",
  };
}

/** @returns data by ConfigMap; Knative's programs do not start where one of them is missing */
export function renderConfigs({ domain, images, skipTagResolving = [] }: ServingSettings) {
  return {
    "config-autoscaler": { "enable-scale-to-zero": "true" },
    "config-defaults": { "max-revision-timeout-seconds": "600", "enable-service-links": "false" },
    "config-deployment": {
      "queue-sidecar-image": images.queue,
      "registries-skipping-tag-resolving": skipTagResolving.join(","),
      "queue-sidecar-cpu-request": "25m",
      "queue-sidecar-memory-request": "64Mi",
      "queue-sidecar-cpu-limit": "1",
      "queue-sidecar-memory-limit": "256Mi",
    },
    "config-domain": { [domain]: "" },
    // Containers of apps are restricted where they do not say so themselves.
    "config-features": { "secure-pod-defaults": "enabled", "kubernetes.podspec-securitycontext": "enabled" },
    "config-gc": {},
    "config-leader-election": {},
    "config-logging": {},
    "config-network": {
      "ingress-class": ingressClass,
      "domain-template": hostTemplate,
      // TLS ends at the edge, where every app's URL is one of https.
      "default-external-scheme": "https",
      // A domain of somebody else's needs a claim that only the customer makes.
      "autocreate-cluster-domain-claims": "false",
    },
    "config-observability": {},
    "config-tracing": {},
  } satisfies Record<string, Record<string, string>>;
}

/** Those that the vendor's managers may change in BYOC: how apps are scaled, and what the proxy beside them is made of. */
export const managedConfigs = [
  "config-autoscaler",
  "config-defaults",
  "config-deployment",
  "config-gc",
] as const satisfies readonly (keyof ReturnType<typeof renderConfigs>)[];
