import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { Labels } from "../ownership/labels.ts";
import type { PlannedPool } from "./gcp-plan.ts";

/** What a node needs of its project: to say that it is well, and to write what runs on it. Source: GKE, "Least privilege". */
const nodeRole = "roles/container.defaultNodeServiceAccount";

export function nodeAccountId(clusterName: string): string {
  return physicalName("service-account", clusterName, "node");
}

/** The nodes' own account: pods never see it, since GKE's metadata server answers them as who they are. */
export function createNodeAccount(name: string, project: string, clusterName: string, parent: pulumi.Resource) {
  const account = new gcp.serviceaccount.Account(
    `${name}-node`,
    { project, accountId: nodeAccountId(clusterName), displayName: `Nodes of ${clusterName}` },
    { parent },
  );
  const granted = new gcp.projects.IAMMember(
    `${name}-node`,
    { project, role: nodeRole, member: account.member },
    { parent },
  );
  return pulumi.all([account.email, granted.id]).apply(([email]) => email);
}

export interface NodeSettings {
  serviceAccount: pulumi.Input<string>;
  /** Seals boot disks. */
  bootDiskKmsKey: pulumi.Input<string>;
  labels: Labels;
}

/** How every node is: a sealed disk, measured boot, no legacy metadata, and pods' identities instead of its own. */
export function nodeConfig({ serviceAccount, bootDiskKmsKey, labels }: NodeSettings) {
  return {
    serviceAccount,
    bootDiskKmsKey,
    imageType: "COS_CONTAINERD",
    // What the account may do is IAM's matter: scopes would only be a second, coarser list.
    oauthScopes: ["https://www.googleapis.com/auth/cloud-platform"],
    workloadMetadataConfig: { mode: "GKE_METADATA" },
    shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
    metadata: { "disable-legacy-endpoints": "true" },
    resourceLabels: labels,
  };
}

export interface PoolPlace extends NodeSettings {
  project: string;
  region: string;
  zones: string[];
  /** Of the cluster, once it is there. */
  cluster: pulumi.Input<string>;
}

/** One pool of nodes over the zones, which GKE repairs, and upgrades with the cluster, one node more at a time. */
export function createPool(name: string, pool: PlannedPool, place: PoolPlace, parent: pulumi.Resource) {
  const { project, region, zones, cluster } = place;
  const { min, max } = pool.perZone;
  return new gcp.container.NodePool(
    `${name}-${pool.name}`,
    {
      ...{ project, location: region, cluster, name: pool.name, nodeLocations: zones },
      initialNodeCount: min,
      autoscaling: { minNodeCount: min, maxNodeCount: max, locationPolicy: "BALANCED" },
      management: { autoRepair: true, autoUpgrade: true },
      upgradeSettings: { strategy: "SURGE", maxSurge: 1, maxUnavailable: 0 },
      networkConfig: { enablePrivateNodes: true },
      nodeConfig: {
        ...nodeConfig(place),
        machineType: pool.machineType,
        diskSizeGb: pool.diskGib,
        diskType: "pd-balanced",
        spot: pool.capacity === "spot",
        labels: pool.labels,
        taints: pool.taints,
      },
    },
    // Whoever scales the pool owns its size.
    { parent, ignoreChanges: ["initialNodeCount"] },
  );
}
