/** NetworkPolicies of the store and of its one caller, as data, beside the refusal of everything else in both namespaces. */
import type { types } from "@pulumi/kubernetes";
import { block, type Egress, ownCloud } from "../workloads/egress.ts";
import { namespaceLabel, selectorOf } from "../workloads/labels.ts";
import type { Surroundings } from "../workloads/network-policy.ts";
import { kubeletPort, readerName, storeName, storeNamespace, storePort } from "./contract.ts";

type PolicySpec = types.input.networking.v1.NetworkPolicySpec;

const policyTypes = ["Ingress", "Egress"];
const tcp = (port: number) => ({ protocol: "TCP", port });
const pods = (namespace: string, component: string) => ({
  namespaceSelector: { matchLabels: { [namespaceLabel]: namespace } },
  podSelector: { matchLabels: selectorOf(component) },
});

/** Where nodes are while no network is named: a node has no public address of its own here. */
const privateNetworks = ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"];

/** In comes the log provider alone; out it goes to the API server, which tells it the nodes, and to their kubelets. */
export function renderStoreWalls(
  platform: string,
  { apiPort, egress = "open-443" }: Pick<Surroundings, "apiPort" | "egress">,
): PolicySpec {
  return {
    podSelector: { matchLabels: selectorOf(storeName) },
    policyTypes,
    ingress: [{ from: [pods(platform, readerName)], ports: [tcp(storePort)] }],
    egress: [
      { to: ownCloud(egress), ports: [tcp(443), { protocol: "TCP", port: apiPort }] },
      { to: nodes(egress), ports: [tcp(kubeletPort)] },
    ],
  };
}

function nodes(egress: Egress) {
  return egress === "open-443" ? privateNetworks.map(block) : ownCloud(egress);
}

/** Of the log provider, beside what any service has. */
export function renderReaderDoors(): PolicySpec {
  return {
    podSelector: { matchLabels: selectorOf(readerName) },
    policyTypes,
    egress: [{ to: [pods(storeNamespace, storeName)], ports: [tcp(storePort)] }],
  };
}
