import { refusal } from "../../shared/errors.ts";

/** One availability zone's share of the network, as CIDRs. */
export interface ZonePlan {
  zone: string;
  /** Load balancers and NAT gateways. */
  public: string;
  /** Nodes and pods. */
  private: string;
  /** No route out at all: the database. */
  isolated: string;
  /**
   * The cluster's own interfaces, where its API answers; no route out. A /28, so that all its addresses can be targets
   * of a balancer: the interfaces move when EKS replaces them, but never out of here.
   */
  cluster: string;
}

export type Tier = Exclude<keyof ZonePlan, "zone">;

export interface NetworkPlan {
  cidr: string;
  zones: ZonePlan[];
}

/**
 * Three quarters of the network go to the private subnets, one each; the last quarter holds the small public and
 * isolated ones. A /16 gives /18, /24 and /24, which are the documented sizes.
 */
const privateBits = 2;
const smallBits = 8;
const maxZones = 2 ** privateBits - 1;
/** The last quarter holds 64 small subnets: public ones from 0, isolated ones from 8, the cluster's from 16. */
const firstSmall = 192;
const firstIsolated = 8;
const firstCluster = 16;
/** 11 addresses that can be used; EKS wants 6 and, during an upgrade, up to 5 more. */
const clusterPrefix = 28;

/**
 * Places every subnet. A zone keeps its place when another is added after it, so adding one never moves a subnet.
 * @throws UserError for a network that is not on its boundary, too small or too large, and for bad zone lists.
 */
export function planNetwork(cidr: string, zones: string[]): NetworkPlan {
  const { base, prefix } = parseNetwork(cidr);
  if (zones.length < 1 || zones.length > maxZones || new Set(zones).size !== zones.length) {
    throw refusal({ subject: "biplane:network.zones", value: zones, allowed: `1 to ${maxZones} different zones` });
  }
  const block = (bits: number, index: number) => {
    const size = 2 ** (32 - prefix - bits);
    return `${formatAddress(base + index * size)}/${prefix + bits}`;
  };
  return {
    cidr,
    zones: zones.map((zone, place) => ({
      zone,
      private: block(privateBits, place),
      public: block(smallBits, firstSmall + place),
      isolated: block(smallBits, firstSmall + firstIsolated + place),
      cluster: start(block(smallBits, firstSmall + firstCluster + place), clusterPrefix),
    })),
  };
}

/** The first part of a network. */
function start(cidr: string, prefix: number): string {
  return `${cidr.split("/")[0]}/${prefix}`;
}

function parseNetwork(cidr: string): { base: number; prefix: number } {
  const allowed = "an IPv4 network of /16 to /20 on its own boundary, such as 10.40.0.0/16";
  const problem = refusal({ subject: "biplane:network.cidr", value: cidr, allowed });
  const [, address = "", length = ""] = /^((?:\d{1,3}\.){3}\d{1,3})\/(\d{1,2})$/.exec(cidr) ?? [];
  const octets = address.split(".").map(Number);
  const prefix = Number(length);
  if (length === "" || octets.some((octet) => octet > 255) || prefix < 16 || prefix > 20) throw problem;
  const base = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  if (base % 2 ** (32 - prefix) !== 0) throw problem;
  return { base, prefix };
}

function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
