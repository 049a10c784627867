/** The objects of one namespace of ours as data: whoever makes them, a stack or a service, makes the same. */
import type { types } from "@pulumi/kubernetes";
import { physicalName } from "../../shared/names.ts";
import { denyAll, renderAllowDns } from "./network-policy.ts";
import { podSecurityLabels } from "./pod-security.ts";

/** Sums over a namespace, in Kubernetes' own quantities. */
export type Quota = Record<string, string>;

/** What a container gets that names no resources itself. */
export interface ContainerDefaults {
  request: { cpu: string; memory: string };
  limit: { cpu: string; memory: string };
}

export interface NamespacePlanArgs {
  namespace: string;
  /** Beside the Pod Security ones. @default none */
  labels?: Record<string, string>;
  /** It stands in the list of Pod Security exceptions. @default false: restricted */
  isException?: boolean;
  quota: Quota;
  defaults: ContainerDefaults;
  /** DNS servers beside the cluster's own, as CIDRs. */
  dnsServers: string[];
}

export interface NamespacePlan {
  name: string;
  labels: Record<string, string>;
  quota: { name: string; spec: { hard: Quota } };
  limits: { name: string; spec: { limits: types.input.core.v1.LimitRangeItem[] } };
  /** NetworkPolicies by name. */
  policies: Record<string, types.input.networking.v1.NetworkPolicySpec>;
}

export function planNamespace(args: NamespacePlanArgs): NamespacePlan {
  const { request, limit } = args.defaults;
  return {
    name: physicalName("namespace", args.namespace),
    labels: { ...args.labels, ...podSecurityLabels(args.isException ? args.namespace : undefined) },
    quota: { name: "quota", spec: { hard: args.quota } },
    limits: {
      name: "defaults",
      spec: { limits: [{ type: "Container", defaultRequest: request, default: limit }] },
    },
    policies: { "default-deny": denyAll, "allow-dns": renderAllowDns(args) },
  };
}
