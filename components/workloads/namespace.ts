import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
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

export interface IsolatedNamespaceArgs {
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

/**
 * A namespace under the restricted Pod Security standard, with sums and defaults for resources, where nothing may
 * connect but to DNS. Proved by `ns-resource-quota`, `k8s-limit-ranges`, `ns-network-policies` and `k8s-pod-security-non-root`.
 */
export class IsolatedNamespace extends pulumi.ComponentResource {
  /** The namespace's name once all its walls stand. */
  readonly ready: pulumi.Output<string>;

  constructor(name: string, args: IsolatedNamespaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:workloads:IsolatedNamespace", name, {}, opts);

    const created = new kubernetes.core.v1.Namespace(
      name,
      {
        metadata: {
          name: physicalName("namespace", args.namespace),
          labels: { ...args.labels, ...podSecurityLabels(args.isException ? args.namespace : undefined) },
        },
      },
      { parent: this },
    );
    const namespace = created.metadata.name;
    const walls = [
      new kubernetes.core.v1.ResourceQuota(
        name,
        { metadata: { name: "quota", namespace }, spec: { hard: args.quota } },
        { parent: this },
      ),
      limitContainers(name, namespace, args.defaults, this),
      ...closeNetwork(name, namespace, args.dnsServers, this),
    ];

    this.ready = pulumi.all([namespace, pulumi.all(walls.map(({ urn }) => urn))]).apply(([closed]) => closed);
    this.registerOutputs({ namespace: this.ready });
  }
}

function limitContainers(
  name: string,
  namespace: pulumi.Input<string>,
  { request, limit }: ContainerDefaults,
  parent: pulumi.Resource,
) {
  return new kubernetes.core.v1.LimitRange(
    name,
    {
      metadata: { name: "defaults", namespace },
      spec: { limits: [{ type: "Container", defaultRequest: request, default: limit }] },
    },
    { parent },
  );
}

function closeNetwork(name: string, namespace: pulumi.Input<string>, dnsServers: string[], parent: pulumi.Resource) {
  const policies = { "default-deny": denyAll, "allow-dns": renderAllowDns({ dnsServers }) };
  return Object.entries(policies).map(
    ([policy, spec]) =>
      new kubernetes.networking.v1.NetworkPolicy(
        `${name}-${policy}`,
        { metadata: { name: policy, namespace }, spec },
        { parent },
      ),
  );
}
