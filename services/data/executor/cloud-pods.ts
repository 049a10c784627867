/** What a task's pod has of the cloud that its plane stands in, beside what its service account is annotated with. */
import type { Cloud } from "../objectstore/open.ts";

export interface CloudPods {
  /** Nobody may put another in its place. */
  labels: Record<string, string>;
  /** A run or a task may change these. */
  environment: Record<string, string>;
}

/** @param storageAccount on Azure, where the pod's containers are */
export function cloudPods(cloud: Cloud, storageAccount: string | undefined): CloudPods {
  if (cloud !== "azure") return { labels: {}, environment: {} };
  return {
    // AKS gives a pod its identity by this label alone.
    labels: { "azure.workload.identity/use": "true" },
    // An address there names the container alone.
    environment: storageAccount ? { AZURE_STORAGE_ACCOUNT_NAME: storageAccount } : {},
  };
}
