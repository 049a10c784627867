/** Names by which the measures of tasks are kept and asked for, and what keeps them may do. */
import type { Input } from "@pulumi/pulumi";
import type { PlainRule } from "../workloads/service-spec.ts";

/** The store's own namespace, under the restricted standard. */
export const storeNamespace = "union-metrics";

/** Of the StatefulSet, its Service, its account and its ClusterRole, and label of its pod. */
export const storeName = "metrics-store";

export const storePort = 9090;

/** As its certificate has it. */
export const storeHost = `${storeName}.${storeNamespace}.svc.cluster.local`;

export const storeUrl = `https://${storeHost}:${storePort}`;

/** Of what its one caller shows. */
export const readerName = "logs";

/** Of the claim that its disk is, and of the class that the disk is made by. */
export const diskClaim = "metrics-store";
export const diskClass = "biplane-metrics-store";

/** Where kubelets answer, on every node. */
export const kubeletPort = 10_250;

/** The counters of a container that are kept; each has its namespace, pod and container, and nothing else. */
export const measures = {
  /** Seconds of CPU time since the container began. */
  cpu: "container_cpu_usage_seconds_total",
  /** Bytes of the working set. */
  memory: "container_memory_working_set_bytes",
} as const;

/** Seconds between two looks at a kubelet, which measures about as often. */
export const scrapeSeconds = 15;

/**
 * In the whole cluster: no Role reaches a node. `nodes/metrics` is a kubelet's measures of every pod on it, those of the
 * platform too; which are kept, the store's configuration says. `nodes/proxy`, by which a pod could be entered, is not
 * among it, and neither is any pod, Service or Secret.
 */
export const storeRules: PlainRule[] = [
  { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] },
  { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
];

/** Of the class: who makes the disk, and how it is to be sealed. */
export interface DiskKind {
  provisioner: string;
  parameters: Record<string, Input<string>>;
}

export interface MetricsStoreSettings {
  /** Prometheus, by digest. */
  image: string;
  /** Measures are kept for so long, and for as long as they have room. */
  retentionDays: number;
  /** Of the disk. */
  sizeGiB: number;
  disk: DiskKind;
}
