import { defineGoogleCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { agentSabotages, agentsTitle, betweenNodes, judgeAgents } from "./between-nodes.ts";

const wanted = "IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT";
const machines = "gce://";

/** As TLS-07. Google says that its network encrypts between machines anyway, and nothing that can be read shows it. */
export const googleEncryptsBetweenNodes = defineGoogleCheck({
  ...betweenNodes,
  id: "TLS-27",
  title: agentsTitle,
  fix: "Leave biplane:kubernetes.nodeEncryption on in the base stack; of a cluster of your own: gcloud container clusters update --in-transit-encryption=inter-node-transparent.",
  needs: ["nodes", "pods", "googleCluster"],
  evaluate({ nodes, pods, googleCluster: { name, nodeEncryption } }, target): Finding[] {
    const encrypts =
      nodeEncryption === wanted ? pass(name, nodeEncryption) : fail(name, `${nodeEncryption}, not ${wanted}`);
    return judgeAgents({ nodes, pods }, target, { machines, encrypts });
  },
  sabotages: [
    {
      name: "the cluster encrypts nothing between nodes",
      apply({ googleCluster }) {
        googleCluster.nodeEncryption = "IN_TRANSIT_ENCRYPTION_DISABLED";
      },
    },
    {
      name: "the cluster does not say whether it encrypts",
      apply({ googleCluster }) {
        googleCluster.nodeEncryption = "not told";
      },
    },
    ...agentSabotages,
  ],
});
