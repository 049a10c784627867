import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Tags } from "../ownership/tags.ts";
import type { PlannedEntry } from "./access-plan.ts";

export interface ClusterAccessArgs {
  clusterName: pulumi.Input<string>;
  /** From `planAccess`, or `checkedEntries` for an adopted cluster. */
  entries: PlannedEntry[];
  tags: Tags;
}

/**
 * The access entries of a cluster: each principal with its one policy or its groups.
 * Proved by n-human-operator-can-i and human-byoc-cluster-access.
 */
export class ClusterAccess extends pulumi.ComponentResource {
  /** Settled once everybody on the list is let in: wait for it before speaking to the API. */
  readonly ready: pulumi.Output<string[]>;

  constructor(name: string, args: ClusterAccessArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:cluster:ClusterAccess", name, {}, opts);
    this.ready = pulumi.all(args.entries.map((entry) => admit(`${name}-${entry.name}`, entry, args, this).id));
    this.registerOutputs({});
  }
}

function admit(
  name: string,
  { principalArn, kubernetesGroups, policy }: PlannedEntry,
  { clusterName, tags }: ClusterAccessArgs,
  parent: pulumi.Resource,
): pulumi.CustomResource {
  const entry = new aws.eks.AccessEntry(
    name,
    { clusterName, principalArn, kubernetesGroups, type: "STANDARD", tags },
    { parent },
  );
  if (!policy) return entry;
  return new aws.eks.AccessPolicyAssociation(
    name,
    { clusterName, principalArn: entry.principalArn, policyArn: policy.arn, accessScope: policy.scope },
    { parent },
  );
}
