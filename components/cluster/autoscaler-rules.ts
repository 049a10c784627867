/** What the Cluster Autoscaler reads and changes in Kubernetes, as its own documentation has it, without wildcards. */
import type { Rule } from "../workloads/service-spec.ts";

const read = ["get", "list", "watch"];

/** Over the whole cluster: it must see every pod to know which ones wait, and evicts those of a node that it removes. */
export const clusterRules: Rule[] = [
  {
    apiGroups: [""],
    resources: [
      "namespaces",
      "persistentvolumeclaims",
      "persistentvolumes",
      "pods",
      "replicationcontrollers",
      "services",
    ],
    verbs: read,
  },
  { apiGroups: [""], resources: ["nodes"], verbs: [...read, "update"] },
  { apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] },
  { apiGroups: [""], resources: ["pods/eviction"], verbs: ["create"] },
  { apiGroups: [""], resources: ["pods/status"], verbs: ["update"] },
  { apiGroups: ["apps"], resources: ["daemonsets", "replicasets", "statefulsets"], verbs: read },
  { apiGroups: ["batch"], resources: ["jobs"], verbs: read },
  { apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: read },
  {
    apiGroups: ["storage.k8s.io"],
    resources: ["csidrivers", "csinodes", "csistoragecapacities", "storageclasses", "volumeattachments"],
    verbs: read,
  },
];

/** In its own namespace: one of its pods leads, and it leaves its state where people can read it. */
export const ownRules: Rule[] = [
  { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create"] },
  {
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    resourceNames: ["cluster-autoscaler"],
    verbs: ["get", "update"],
  },
  { apiGroups: [""], resources: ["configmaps"], verbs: ["create", "list", "watch"] },
  {
    apiGroups: [""],
    resources: ["configmaps"],
    resourceNames: ["cluster-autoscaler-status"],
    verbs: ["delete", "get", "update"],
  },
];

/** It finds its groups by the tags that EKS puts on every managed node group's Auto Scaling group. */
export function autoscalerCommand(clusterName: string): string[] {
  const tags = ["k8s.io/cluster-autoscaler/enabled", `k8s.io/cluster-autoscaler/${clusterName}`];
  return [
    "./cluster-autoscaler",
    "--cloud-provider=aws",
    "--namespace=kube-system",
    `--node-group-auto-discovery=asg:tag=${tags.join(",")}`,
    // The groups of one kind differ by their zone only.
    "--balance-similar-node-groups",
    "--expander=least-waste",
    "--skip-nodes-with-local-storage=false",
  ];
}
