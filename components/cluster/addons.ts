import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { NarrowRole } from "../identity/narrow-role.ts";
import type { Tags } from "../ownership/tags.ts";
import type { WorkloadIssuer } from "./contract.ts";
import { type AddonName, type KubernetesVersion, supportedVersions } from "./versions.ts";

export interface AddonArgs {
  region: string;
  account: pulumi.Input<string>;
  clusterName: string;
  /** The name again, once the cluster has what the add-on needs. */
  cluster: pulumi.Input<string>;
  version: KubernetesVersion;
  issuer: WorkloadIssuer;
  tags: Tags;
}

/**
 * What nodes need before they are ready: addresses for pods, with NetworkPolicy enforced, and Services.
 * Proved by k8s-network-policies-isolate-pods. @returns settled once they are there
 */
export function createNetworkAddons(name: string, args: AddonArgs, parent: pulumi.Resource) {
  const { region, account, clusterName, issuer, tags } = args;
  const cni = new NarrowRole(
    `${name}-vpc-cni`,
    { kind: "vpc-cni", cluster: clusterName, region, account, issuer, tags },
    { parent },
  );
  const made = [
    createAddon(name, "vpc-cni", args, parent, {
      serviceAccountRoleArn: cni.arn,
      configurationValues: JSON.stringify({ enableNetworkPolicy: "true" }),
    }),
    createAddon(name, "kube-proxy", args, parent),
  ];
  return pulumi.all(made.map(({ id }) => id));
}

/** Cluster DNS: its pods need nodes, so `args.cluster` is to wait for them. */
export function createDnsAddon(name: string, args: AddonArgs, parent: pulumi.Resource): void {
  createAddon(name, "coredns", args, parent);
}

/** Makes and attaches disks for claims, by a role of its own; a disk's key says itself through whom it is used. */
export function createDiskAddon(name: string, args: AddonArgs, parent: pulumi.Resource): void {
  const { region, account, clusterName, issuer, tags } = args;
  const driver = new NarrowRole(
    `${name}-disk-driver`,
    { kind: "disk-driver", cluster: clusterName, region, account, issuer, tags },
    { parent },
  );
  createAddon(name, "aws-ebs-csi-driver", args, parent, { serviceAccountRoleArn: driver.arn });
}

/** A setting that somebody changed in the cluster is put right: what runs is what is written here. */
function createAddon(
  name: string,
  addonName: AddonName,
  { cluster, version, tags }: AddonArgs,
  parent: pulumi.Resource,
  settings: Pick<aws.eks.AddonArgs, "serviceAccountRoleArn" | "configurationValues"> = {},
): aws.eks.Addon {
  return new aws.eks.Addon(
    `${name}-${addonName}`,
    {
      clusterName: cluster,
      addonName,
      addonVersion: supportedVersions[version][addonName],
      resolveConflictsOnCreate: "OVERWRITE",
      resolveConflictsOnUpdate: "OVERWRITE",
      ...settings,
      tags,
    },
    { parent },
  );
}
