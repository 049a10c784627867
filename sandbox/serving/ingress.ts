/** Knative's Ingress and what stands behind it, as far as the stand-in reads them: `networking.internal.knative.dev/v1alpha1`. */
import type { KubernetesObject, V1EndpointSlice, V1ObjectMeta, V1Service } from "@kubernetes/client-node";

export const ingressApi = {
  group: "networking.internal.knative.dev",
  version: "v1alpha1",
  plural: "ingresses",
} as const;
/** Names the controller that an ingress is for. */
export const classAnnotation = "networking.knative.dev/ingress.class";

export interface Split {
  serviceNamespace: string;
  serviceName: string;
  servicePort: number | string;
  /** @default 100, where there is one alone */
  percent?: number;
  appendHeaders?: Record<string, string>;
}

export interface IngressPath {
  /** @default every path */
  path?: string;
  headers?: Record<string, { exact?: string }>;
  rewriteHost?: string;
  splits: Split[];
  appendHeaders?: Record<string, string>;
}

export interface IngressRule {
  hosts: string[];
  visibility?: "ExternalIP" | "ClusterLocal";
  http?: { paths: IngressPath[] };
}

export interface Condition {
  type: string;
  status: "True" | "False" | "Unknown";
  lastTransitionTime: string;
  reason?: string;
  message?: string;
}

export interface IngressStatus {
  observedGeneration?: number;
  conditions?: Condition[];
  publicLoadBalancer?: LoadBalancer;
  privateLoadBalancer?: LoadBalancer;
}

interface LoadBalancer {
  ingress: { domainInternal: string }[];
}

export interface Ingress extends KubernetesObject {
  metadata: V1ObjectMeta;
  spec: { rules?: IngressRule[] };
  status?: IngressStatus;
}

/** What is behind a name: the Service for its ports, the slices for where its pods, or the activator, are. */
export interface Backends {
  service(namespace: string, name: string): V1Service | undefined;
  slices(namespace: string, name: string): V1EndpointSlice[];
}
