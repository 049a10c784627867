/** Where connections may leave the cluster to, and the addresses that no rule may ever hold. */
import { BlockList, isIP } from "node:net";
import type { types } from "@pulumi/kubernetes";
import { refusal } from "../../shared/errors.ts";
import { cloudflareRanges } from "../edge/cloudflare-ranges.ts";

type Peer = types.input.networking.v1.NetworkPolicyPeer;

/** Only Cloudflare's published ranges, where the control plane's endpoint answers, and the given networks as CIDRs. */
interface NarrowEgress {
  cloudflareRanges: true;
  /** The cluster's API and the cloud's endpoints; the relay's networks too where `region` is not given. */
  endpoints: string[];
  /** The relay's networks, which then nothing reaches but what speaks to the region. */
  region?: string[] | undefined;
}

/** `open-443`: TLS to every address but the metadata ones. */
export type Egress = "open-443" | NarrowEgress;

/** Link-local addresses, where clouds serve instance metadata and its credentials. */
const linkLocal = { v4: "169.254.0.0/16", v6: ["fd00:ec2::254/128", "fd00:ec2::23/128", "fe80::/10"] };

/** Instance metadata, ECS and EKS credentials, over both families. */
const credentialServers = ["169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23"];

const everywhere = "0.0.0.0/0";

/** Networks wider than this are the internet by another name. */
const widest = 8;

/**
 * The only maker of ipBlocks: whatever holds the metadata addresses leaves them out.
 * @throws UserError for a network that is nothing but metadata addresses
 */
export function block(cidr: string): Peer {
  if (inside(cidr, linkLocal.v4) || linkLocal.v6.some((range) => inside(cidr, range))) {
    if (credentialServers.every((address) => !contains(cidr, address))) return { ipBlock: { cidr } };
    throw refusal({
      subject: "an allowed network",
      value: cidr,
      allowed: "one without the addresses that serve instance credentials",
    });
  }
  const except = [linkLocal.v4, ...linkLocal.v6].filter((range) => inside(range, cidr));
  return { ipBlock: except.length > 0 ? { cidr, except } : { cidr } };
}

/** The customer's cloud and the region. */
export function outside(egress: Egress): Peer[] {
  return peers(egress, ({ endpoints, region = [] }) => [...cloudflareRanges, ...region, ...endpoints]);
}

/** What the customer has in their own cloud, and nothing of the vendor's. */
export function ownCloud(egress: Egress): Peer[] {
  return peers(egress, ({ endpoints }) => endpoints);
}

/** The control plane's endpoint and the relay. */
export function region(egress: Egress): Peer[] {
  return peers(egress, ({ endpoints, region: given }) => [...cloudflareRanges, ...(given ?? endpoints)]);
}

function peers(egress: Egress, narrow: (egress: NarrowEgress) => string[]): Peer[] {
  if (egress === "open-443") return [block(everywhere)];
  return [...new Set(narrow(egress))].map(block);
}

/**
 * Where the API server may call from. A managed one tells no addresses, so it is anywhere outside of the cluster, or in
 * one of the networks that the narrow choice names: the API's own is among these.
 */
export function apiServers(egress: Egress = "open-443"): Peer[] {
  return egress === "open-443" ? [block(everywhere)] : egress.endpoints.map(block);
}

/**
 * The narrow choice must name what is not behind Cloudflare: the relay, the cluster's API, and the cloud's endpoints
 * (a NetworkPolicy knows no prefix lists, so S3 by gateway endpoint is named by the region's published ranges).
 * @throws UserError
 */
export function checkEgress(egress: Egress): void {
  if (egress === "open-443") return;
  const given: [subject: string, networks: string[] | undefined, what: string][] = [
    ["egress.endpoints", egress.endpoints, "the networks of the cluster's API and the cloud's endpoints"],
    ["egress.region", egress.region, "the relay's networks, or left out where egress.endpoints has them"],
  ];
  for (const [subject, networks, what] of given) {
    if (networks?.length === 0) throw refusal({ subject, value: [], allowed: what });
    for (const cidr of networks ?? []) checkNetwork(subject, cidr);
  }
}

function checkNetwork(subject: string, value: string): void {
  if (!isNetwork(value)) throw refusal({ subject, value, allowed: "IPv4 networks such as 10.40.0.0/16" });
  if (prefixOf(value) < widest) {
    const allowed = `networks of /${widest} to /32; "open-443" is the word for everywhere`;
    throw refusal({ subject, value, allowed });
  }
  block(value);
}

function isNetwork(cidr: string): boolean {
  const [address = "", length = "", ...rest] = cidr.split("/");
  return isIP(address) === 4 && /^\d+$/.test(length) && Number(length) <= 32 && rest.length === 0;
}

function prefixOf(cidr: string): number {
  return Number(cidr.split("/")[1]);
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

function contains(cidr: string, address: string): boolean {
  const [network = "", length] = cidr.split("/");
  if (familyOf(network) !== familyOf(address)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(length), familyOf(network));
  return list.check(address, familyOf(address));
}

function inside(inner: string, outer: string): boolean {
  const [network = ""] = inner.split("/");
  return prefixOf(inner) >= prefixOf(outer) && contains(outer, network);
}
