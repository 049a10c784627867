import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type NamespacePlanArgs, planNamespace } from "./namespace-plan.ts";

/**
 * A namespace under the restricted Pod Security standard, with sums and defaults for resources, where nothing may
 * connect but to DNS. Proved by `ns-resource-quota`, `k8s-limit-ranges`, `ns-network-policies` and `k8s-pod-security-non-root`.
 */
export class IsolatedNamespace extends pulumi.ComponentResource {
  /** The namespace's name once all its walls stand. */
  readonly ready: pulumi.Output<string>;

  constructor(name: string, args: NamespacePlanArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:workloads:IsolatedNamespace", name, {}, opts);
    const { name: wanted, labels, quota, limits, policies } = planNamespace(args);
    const options = { parent: this };

    const created = new kubernetes.core.v1.Namespace(name, { metadata: { name: wanted, labels } }, options);
    const namespace = created.metadata.name;
    const walls = [
      new kubernetes.core.v1.ResourceQuota(
        name,
        { metadata: { name: quota.name, namespace }, spec: quota.spec },
        options,
      ),
      new kubernetes.core.v1.LimitRange(
        name,
        { metadata: { name: limits.name, namespace }, spec: limits.spec },
        options,
      ),
      ...Object.entries(policies).map(
        ([policy, spec]) =>
          new kubernetes.networking.v1.NetworkPolicy(
            `${name}-${policy}`,
            { metadata: { name: policy, namespace }, spec },
            options,
          ),
      ),
    ];

    this.ready = pulumi.all([namespace, pulumi.all(walls.map(({ urn }) => urn))]).apply(([closed]) => closed);
    this.registerOutputs({ namespace: this.ready });
  }
}
