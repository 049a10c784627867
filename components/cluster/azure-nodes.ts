import { DiskEncryptionSet } from "@pulumi/azure-native/compute/diskEncryptionSet.js";
import { AgentPool } from "@pulumi/azure-native/containerservice/agentPool.js";
import type * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { MadeVaultKey } from "../encryption/azure.ts";
import { createSealer, type SealerPlace } from "../encryption/azure-sealer.ts";
import type { PlannedAksPool } from "./azure-plan.ts";

/** By which the disks of every node rest under the customer's key, in whose newest version they are sealed. */
export function createDiskEncryption(
  name: string,
  key: MadeVaultKey,
  place: SealerPlace,
  parent: pulumi.Resource,
): DiskEncryptionSet {
  const { group, region, tags } = place;
  const sealer = createSealer(`${name}-disk-key`, key, place, parent);
  return new DiskEncryptionSet(
    name,
    {
      ...{ resourceGroupName: group, location: region, tags },
      diskEncryptionSetName: physicalName("azure-resource", name),
      ...{ encryptionType: "EncryptionAtRestWithCustomerKey", rotationToLatestKeyVersionEnabled: true },
      activeKey: { keyUrl: key.versionUrl },
      identity: { type: "UserAssigned", userAssignedIdentities: [sealer.id] },
    },
    // It rotates by itself.
    { parent, ignoreChanges: ["activeKey"] },
  );
}

export interface NodePlace {
  zones: string[];
  /** ARM id. */
  subnetId: pulumi.Input<string>;
}

/** How every node is: in the private subnet, without a public address, sealed down to its caches, measured at boot. */
export function nodeSettings({ zones, subnetId }: NodePlace) {
  return {
    ...{ availabilityZones: zones, vnetSubnetID: subnetId, enableNodePublicIP: false, enableEncryptionAtHost: true },
    ...{ osType: "Linux", osSKU: "AzureLinux", type: "VirtualMachineScaleSets", enableAutoScaling: true },
    // What pods are told to be is theirs alone: nobody logs in to a node.
    securityProfile: { enableSecureBoot: true, enableVTPM: true, sshAccess: "Disabled" },
    upgradeSettings: { maxSurge: "10%" },
  };
}

/** One pool of nodes over the zones, which AKS repairs, and upgrades with the cluster, some nodes more at a time. */
export function createAksPool(
  name: string,
  pool: PlannedAksPool,
  { group, cluster, ...place }: NodePlace & { group: pulumi.Input<string>; cluster: pulumi.Input<string> },
  parent: pulumi.Resource,
): AgentPool {
  const { min, max } = pool.nodes;
  const { upgradeSettings, ...settings } = nodeSettings(place);
  return new AgentPool(
    `${name}-${pool.name}`,
    {
      ...{ resourceGroupName: group, resourceName: cluster, agentPoolName: pool.name, mode: "User" },
      ...settings,
      ...{ vmSize: pool.vmSize, osDiskSizeGB: pool.diskGib, nodeLabels: pool.labels, nodeTaints: pool.taints },
      ...{ count: min, minCount: min, maxCount: max },
      // What a spot pool has too many of is evicted by Azure; it knows no surge.
      ...(pool.spot
        ? { scaleSetPriority: "Spot", scaleSetEvictionPolicy: "Delete", spotMaxPrice: -1 }
        : { upgradeSettings }),
    },
    // Whoever scales the pool owns its size.
    { parent, ignoreChanges: ["count"] },
  );
}
