/** The region's cluster, by the same lists as a customer's. */
import type { V1Node } from "@kubernetes/client-node";
import type { Collected } from "../../facts.ts";
import type { ControlPlane } from "../../target.ts";
import { collectLists, listOne } from "../kubernetes.ts";

type ClusterFacts = Pick<
  Collected,
  | "regionPods"
  | "regionServices"
  | "regionDeployments"
  | "regionBudgets"
  | "regionClusterRoles"
  | "regionRoleBindings"
  | "regionClusterRoleBindings"
  | "regionScanned"
  | "regionNodeZones"
>;

const zoneLabel = "topology.kubernetes.io/zone";

export async function collectCluster({ kubeconfig }: ControlPlane): Promise<ClusterFacts> {
  const [lists, nodes, budgets] = await Promise.all([
    collectLists(kubeconfig),
    listOne(kubeconfig, "v1", "Node"),
    listOne(kubeconfig, "policy/v1", "PodDisruptionBudget"),
  ]);
  return {
    regionPods: lists.pods,
    regionServices: lists.services,
    regionDeployments: lists.deployments,
    regionBudgets: budgets,
    regionClusterRoles: lists.clusterRoles,
    regionRoleBindings: lists.roleBindings,
    regionClusterRoleBindings: lists.clusterRoleBindings,
    regionScanned: lists.scanned,
    regionNodeZones: nodes.read ? zonesOf(nodes.value, nodes.request) : nodes,
  };
}

/** A cloud labels every node with its zone. Where one has none, nothing can be said of zones. */
function zonesOf(nodes: V1Node[], request: string): Collected["regionNodeZones"] {
  const zones = nodes.map(({ metadata }) => ({ node: metadata?.name ?? "", zone: metadata?.labels?.[zoneLabel] }));
  const silent = zones.find(({ zone }) => zone === undefined);
  if (silent) return { read: false, reason: `the node ${silent.node} has no label ${zoneLabel}`, request };
  return { read: true, request, value: zones.map(({ node, zone = "" }) => ({ node, zone })) };
}
