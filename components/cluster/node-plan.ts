/** Which managed node groups a cluster gets: one a zone for each kind of node, checked against EKS's quotas. */
import { createHash } from "node:crypto";
import type * as pulumi from "@pulumi/pulumi";
import { refusal } from "../../shared/errors.ts";

export interface NodeSubnet {
  zone: string;
  /** A private subnet of the zone. */
  subnetId: pulumi.Input<string>;
}

/** One kind of node. Sizes are of each zone, so that the loss of a zone leaves the others as they are. */
export interface NodeGroupSpec {
  /** EC2 instance types of one architecture, any of which will do. */
  instanceTypes: string[];
  /** @default x86_64 */
  architecture?: keyof typeof images;
  /** @default on-demand */
  capacity?: "on-demand" | "spot";
  perZone: { min: number; max: number };
  /** Size of each node's volume in GiB. @default 50 */
  diskGib?: number;
  labels?: Record<string, string>;
  taints?: { key: string; value?: string; effect: "NO_SCHEDULE" | "NO_EXECUTE" | "PREFER_NO_SCHEDULE" }[];
}

export interface PlannedNodeGroup extends Required<Omit<NodeGroupSpec, "architecture" | "capacity" | "perZone">> {
  /** Identity of the resource: group and zone. */
  key: string;
  /** The group that it is a zone's part of. */
  group: string;
  /** Name in AWS. Changes with what cannot change in place, so that the new nodes are there before the old ones go. */
  physicalName: string;
  subnet: NodeSubnet;
  amiType: string;
  capacityType: "ON_DEMAND" | "SPOT";
  min: number;
  max: number;
}

/** AL2023: the one family of EKS-optimised Linux images that is built here. */
const images = { x86_64: "AL2023_x86_64_STANDARD", arm64: "AL2023_ARM_64_STANDARD" } as const;

/** Defaults of an account. Source: Amazon EKS endpoints and quotas. */
export const nodeQuotas = { groupsPerCluster: 30, nodesPerGroup: 450 };

/** Two nodes a zone carry every service with room for one to be replaced. */
export const defaultNodeGroups: Record<string, NodeGroupSpec> = {
  default: { instanceTypes: ["m7i.xlarge", "m7a.xlarge", "m6i.xlarge"], perZone: { min: 1, max: 5 } },
};

const subject = "biplane:nodeGroups";
const defaultDiskGib = 50;

/** @throws UserError for names, sizes and numbers that EKS would refuse, or for fewer than two zones. */
export function planNodeGroups(groups: Record<string, NodeGroupSpec>, subnets: NodeSubnet[]): PlannedNodeGroup[] {
  if (subnets.length < 2 || new Set(subnets.map(({ zone }) => zone)).size !== subnets.length) {
    const value = subnets.map(({ zone }) => zone);
    throw refusal({ subject: "zones of the nodes", value, allowed: "at least two different zones" });
  }
  for (const [group, spec] of Object.entries(groups)) checkGroup(group, spec);
  if (!Object.values(groups).some(({ perZone, taints = [] }) => perZone.min > 0 && taints.length === 0)) {
    const allowed = "at least one group without taints that never shrinks to nothing: cluster DNS runs there";
    throw refusal({ subject, value: Object.keys(groups), allowed });
  }
  const planned = Object.entries(groups).flatMap(([group, spec]) => subnets.map((subnet) => plan(group, spec, subnet)));
  if (planned.length > nodeQuotas.groupsPerCluster) {
    const most = Math.floor(nodeQuotas.groupsPerCluster / subnets.length);
    throw refusal({
      subject,
      value: `${Object.keys(groups).length} groups in ${subnets.length} zones`,
      allowed: `up to ${most}: EKS takes ${nodeQuotas.groupsPerCluster} node groups a cluster, one a zone`,
    });
  }
  return planned;
}

function plan(group: string, spec: NodeGroupSpec, subnet: NodeSubnet): PlannedNodeGroup {
  const { instanceTypes, diskGib = defaultDiskGib, labels = {}, taints = [], perZone } = spec;
  const amiType = images[spec.architecture ?? "x86_64"];
  const capacityType = spec.capacity === "spot" ? "SPOT" : "ON_DEMAND";
  const fixed = createHash("sha256")
    .update(JSON.stringify([instanceTypes, amiType, capacityType]))
    .digest("hex");
  const key = `${group}-${subnet.zone}`;
  return {
    key,
    group,
    physicalName: `${key}-${fixed.slice(0, 6)}`,
    subnet,
    instanceTypes,
    amiType,
    capacityType,
    diskGib,
    labels,
    taints,
    ...perZone,
  };
}

function checkGroup(group: string, { instanceTypes, perZone: { min, max }, diskGib = defaultDiskGib }: NodeGroupSpec) {
  if (!/^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,19}$/.test(group)) {
    throw refusal({ subject, value: group, allowed: 'names of a-z, 0-9 and "-", up to 20 characters' });
  }
  const type = instanceTypes.find((name) => !/^[a-z0-9-]+\.[a-z0-9-]+$/.test(name));
  if (type !== undefined || instanceTypes.length === 0) {
    throw refusal({
      subject: `${subject}.${group}.instanceTypes`,
      value: type,
      allowed: "EC2 types such as m7i.xlarge",
    });
  }
  const whole = Number.isInteger(min) && Number.isInteger(max);
  if (!whole || min < 0 || max < 1 || min > max || max > nodeQuotas.nodesPerGroup) {
    const allowed = `whole numbers, 0 ≤ min ≤ max ≤ ${nodeQuotas.nodesPerGroup}, EKS's quota of nodes a group`;
    throw refusal({ subject: `${subject}.${group}.perZone`, value: { min, max }, allowed });
  }
  if (!Number.isInteger(diskGib) || diskGib < 20 || diskGib > 16_384) {
    throw refusal({ subject: `${subject}.${group}.diskGib`, value: diskGib, allowed: "20 to 16384" });
  }
}
