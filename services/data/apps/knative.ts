/** Knative's Service and Revision, as far as we write and read them: `serving.knative.dev/v1`. */
import type { KubernetesObject, V1Container, V1ObjectMeta, V1Volume } from "@kubernetes/client-node";

export const servingApi = { group: "serving.knative.dev", version: "v1" } as const;

export interface KnativeCondition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason?: string;
}

interface RevisionSpec {
  serviceAccountName: string;
  automountServiceAccountToken: boolean;
  enableServiceLinks: boolean;
  timeoutSeconds: number;
  containers: V1Container[];
  volumes: V1Volume[];
}

export interface KnativeService extends KubernetesObject {
  metadata: V1ObjectMeta;
  spec: { template: { metadata: V1ObjectMeta; spec: RevisionSpec } };
  status?: {
    observedGeneration?: number;
    conditions?: KnativeCondition[];
    latestCreatedRevisionName?: string;
    latestReadyRevisionName?: string;
  };
}

export interface KnativeRevision extends KubernetesObject {
  metadata: V1ObjectMeta;
  status?: { conditions?: KnativeCondition[]; actualReplicas?: number; desiredReplicas?: number };
}

/** On the Service and on what Knative makes of it. */
export const labels = {
  managedBy: "app.kubernetes.io/managed-by",
  org: "biplane.dev/org",
  project: "biplane.dev/project",
  domain: "biplane.dev/domain",
  app: "biplane.dev/app",
} as const;

/** On the Service alone: a change of one of them makes no new revision of the app's pods. */
export const annotations = {
  uid: "biplane.dev/app-uid",
  revision: "biplane.dev/app-revision",
  /** First label of its host. */
  host: "biplane.dev/app-host",
  /** "true" where anybody may reach it. */
  anonymous: "biplane.dev/app-anonymous",
  /** Of all that was planned: another means that it is to be applied. */
  plan: "biplane.dev/app-plan",
} as const;

export const manager = "biplane-apps";

export function conditionOf(object: { status?: { conditions?: KnativeCondition[] } }, type = "Ready") {
  return object.status?.conditions?.find((condition) => condition.type === type);
}
