import { defineAzureCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import {
  betweenNodes,
  isOf,
  judgeForeignNodes,
  judgePodNetworks,
  podNetworkSabotages,
  strangerSabotages,
} from "./between-nodes.ts";

const wanted = "WireGuard";
const dataplane = "cilium";
const machines = "azure://";

/** As TLS-07. The kit cannot turn it on, as decision 67 says; it costs by the node, and any owner of the cluster can. */
export const azureEncryptsBetweenNodes = defineAzureCheck({
  ...betweenNodes,
  id: "TLS-47",
  title:
    "Where apps are served the cluster encrypts what pods say to pods of other nodes, and no app's pod speaks past it",
  fix: "Turn it on: az aks update --enable-acns --acns-transit-encryption-type WireGuard, with Azure CLI 2.85 or later.",
  needs: ["nodes", "pods", "azureCluster"],
  evaluate({ nodes, pods, azureCluster }, target): Finding[] {
    if (!nodes.some((node) => isOf(node, machines))) return [];
    const told = `${azureCluster.nodeEncryption} on the dataplane ${azureCluster.dataplane}`;
    const encrypts = azureCluster.nodeEncryption === wanted && azureCluster.dataplane === dataplane;
    return [
      encrypts ? pass(azureCluster.id, told) : fail(azureCluster.id, `${told}, not ${wanted} on ${dataplane}`),
      ...judgeForeignNodes(nodes, machines),
      ...judgePodNetworks(pods, target),
    ];
  },
  sabotages: [
    {
      name: "the cluster encrypts nothing between nodes",
      apply({ azureCluster }) {
        azureCluster.nodeEncryption = "None";
      },
    },
    {
      name: "it encrypts for those alone that enrol, by mutual TLS",
      apply({ azureCluster }) {
        azureCluster.nodeEncryption = "mTLS";
      },
    },
    {
      name: "its dataplane is one that knows no encryption",
      apply({ azureCluster }) {
        azureCluster.dataplane = "azure";
      },
    },
    ...strangerSabotages,
    ...podNetworkSabotages,
  ],
});
