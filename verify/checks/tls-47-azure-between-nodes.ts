import { defineAzureCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { agentSabotages, agentsTitle, betweenNodes, judgeAgents } from "./between-nodes.ts";

const wanted = "WireGuard";
const dataplane = "cilium";
const machines = "azure://";

/** As TLS-07. The kit cannot turn it on, as decision 67 says; it costs by the node, and any owner of the cluster can. */
export const azureEncryptsBetweenNodes = defineAzureCheck({
  ...betweenNodes,
  id: "TLS-47",
  title: agentsTitle,
  fix: "Turn it on: az aks update --enable-acns --acns-transit-encryption-type WireGuard, with Azure CLI 2.85 or later.",
  needs: ["nodes", "pods", "azureCluster"],
  evaluate({ nodes, pods, azureCluster }, target): Finding[] {
    const { id, ...cluster } = azureCluster;
    const told = `${cluster.nodeEncryption} on the dataplane ${cluster.dataplane}`;
    const isOn = cluster.nodeEncryption === wanted && cluster.dataplane === dataplane;
    const encrypts = isOn ? pass(id, told) : fail(id, `${told}, not ${wanted} on ${dataplane}`);
    return judgeAgents({ nodes, pods }, target, { machines, encrypts });
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
    ...agentSabotages,
  ],
});
