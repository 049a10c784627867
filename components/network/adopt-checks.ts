/** Whether a network that somebody else made will do; pure, on what the account answers about it. */
import { refusal } from "../../shared/errors.ts";

/** Ids of a network that exists. Each list in the order of the zones. */
export interface ExistingNetwork {
  vpcId: string;
  publicSubnetIds: string[];
  privateSubnetIds: string[];
  /** @default none: a compute plane keeps no store in its network */
  isolatedSubnetIds?: string[];
  /** Small subnets of the cluster's own interfaces. @default the private ones */
  clusterSubnetIds?: string[];
  /** Public addresses that its traffic comes from, where they are known. @default none */
  natAddresses?: string[];
}

export interface SeenSubnet {
  id: string;
  vpcId: string;
  zone: string;
  cidr: string;
}

/** A default route, by what it leads to; undefined where the table has none. */
export interface SeenEgress {
  subnetId: string;
  target: string | undefined;
}

const key = (name: string) => `biplane:network.existing.${name}`;
const leastZones = 2;
const idPattern = { vpc: /^vpc-[0-9a-f]+$/, subnet: /^subnet-[0-9a-f]+$/ };

/**
 * What can be refused before the account is asked.
 * @throws UserError for ids of a wrong form, a subnet in two tiers that must differ, and fewer than two private subnets
 */
export function checkExisting(existing: ExistingNetwork): void {
  const { vpcId, publicSubnetIds, privateSubnetIds, isolatedSubnetIds = [], clusterSubnetIds = [] } = existing;
  if (!idPattern.vpc.test(vpcId))
    throw refusal({ subject: key("vpcId"), value: vpcId, allowed: "the id of a VPC, vpc-…" });
  const tiers = { publicSubnetIds, privateSubnetIds, isolatedSubnetIds, clusterSubnetIds };
  for (const [tier, ids] of Object.entries(tiers)) {
    const wrong = ids.find((id, at) => !idPattern.subnet.test(id) || ids.indexOf(id) !== at);
    if (wrong !== undefined) {
      throw refusal({ subject: key(tier), value: wrong, allowed: "ids of subnets, subnet-…, each once" });
    }
  }
  const shared = privateSubnetIds.find((id) => publicSubnetIds.includes(id) || isolatedSubnetIds.includes(id));
  if (shared) {
    throw refusal({
      subject: key("privateSubnetIds"),
      value: shared,
      allowed: "subnets that are neither public nor isolated ones",
    });
  }
  if (privateSubnetIds.length < leastZones) {
    throw refusal({
      subject: key("privateSubnetIds"),
      value: privateSubnetIds,
      allowed: `at least ${leastZones} subnets, each in another zone: clusters span them`,
    });
  }
}

/** @throws UserError that names the first subnet of another VPC, or a tier that does not span two zones. */
export function checkSubnets(tier: string, vpcId: string, seen: SeenSubnet[]): void {
  const stray = seen.find((subnet) => subnet.vpcId !== vpcId);
  if (stray) {
    throw refusal({
      subject: key(tier),
      value: stray.id,
      allowed: `subnets of ${vpcId}`,
      todo: `This one belongs to ${stray.vpcId}.`,
    });
  }
  const zones = new Set(seen.map(({ zone }) => zone));
  if (seen.length > 0 && zones.size < leastZones) {
    throw refusal({
      subject: key(tier),
      value: seen.map(({ id }) => id),
      allowed: `subnets in at least ${leastZones} zones`,
      todo: `All of these are in ${[...zones].join()}.`,
    });
  }
}

/** @throws UserError where a private subnet is open to the internet, or has no way out to reach its region by. */
export function checkEgress(tier: string, seen: SeenEgress[]): void {
  for (const { subnetId, target } of seen) {
    if (target?.startsWith("igw-")) {
      throw refusal({
        subject: key(tier),
        value: subnetId,
        allowed: "subnets whose default route does not lead to an internet gateway",
        todo: `Its default route leads to ${target}: name it as a public subnet, or route it by a NAT gateway.`,
      });
    }
    if (target === undefined && tier === "privateSubnetIds") {
      throw refusal({
        subject: key(tier),
        value: subnetId,
        allowed: "subnets with a default route, by a NAT gateway or a transit gateway",
        todo: "Add the route: without it nodes reach neither their region nor the tunnel's edge.",
      });
    }
  }
}

/** @throws UserError where names would not resolve: endpoints and the private API are found by DNS. */
export function checkVpc(vpcId: string, dns: { support: boolean; hostnames: boolean }): void {
  if (dns.support && dns.hostnames) return;
  throw refusal({
    subject: key("vpcId"),
    value: vpcId,
    allowed: "a VPC with DNS support and DNS host names on",
    todo: `Run \`aws ec2 modify-vpc-attribute --vpc-id ${vpcId} --enable-dns-hostnames\` (and --enable-dns-support).`,
  });
}
