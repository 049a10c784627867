/** NetworkPolicies of the build namespace, as data, beside the refusal of everything else. */
import type { types } from "@pulumi/kubernetes";
import { block } from "../workloads/egress.ts";
import { namespaceLabel, selectorOf } from "../workloads/labels.ts";
import { builderService, buildPodName, buildPort } from "./contract.ts";
import { type ImageBuilderSettings, proxyPort } from "./settings.ts";

type PolicySpec = types.input.networking.v1.NetworkPolicySpec;

const bothWays = ["Ingress", "Egress"];
const tcp = (port: number) => ({ protocol: "TCP", port });
const own = (component: string) => ({ podSelector: { matchLabels: selectorOf(component) } });

/** Of the build pods: registries and the package proxy, and not one pod of the cluster. Only the builder comes in. */
export function renderBuildWalls({ registries, packages }: ImageBuilderSettings): PolicySpec {
  return {
    podSelector: { matchLabels: selectorOf(buildPodName) },
    policyTypes: bothWays,
    ingress: [{ from: [own(builderService)], ports: [tcp(buildPort)] }],
    egress: [
      { to: registries.map(block), ports: [tcp(443)] },
      { to: packages.networks.map(block), ports: [tcp(proxyPort(packages.url))] },
    ],
  };
}

/** Of the builder, beside what any service has: task pods come in, and it goes to the daemons. */
export function renderBuilderDoors(projectNamespaces: readonly string[], rpcPort: number): PolicySpec {
  const from = projectNamespaces.map((name) => ({ namespaceSelector: { matchLabels: { [namespaceLabel]: name } } }));
  return {
    podSelector: { matchLabels: selectorOf(builderService) },
    policyTypes: bothWays,
    ingress: [{ from, ports: [tcp(rpcPort)] }],
    egress: [{ to: [own(buildPodName)], ports: [tcp(buildPort)] }],
  };
}
