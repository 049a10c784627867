/** Where everything of a plane on Azure has its addresses; pure. Pods are on an overlay, which the network does not see. */
import { addressAt, checkPrivateRanges } from "./private-ranges.ts";

export interface AzureRanges {
  /** Nodes, and the API's own private endpoint: the network's one subnet. */
  nodes: string;
  /** Pods: known within the cluster only, a /24 of it to each node. */
  pods: string;
  /** Services: known within the cluster only, and never in the network's own range. */
  services: string;
}

export const defaultAzureRanges: AzureRanges = {
  nodes: "10.40.0.0/18",
  pods: "10.64.0.0/15",
  services: "10.40.64.0/18",
};

/** Source: AKS, "Azure CNI Overlay", planning of addresses; services of a plane are few. */
const prefixes: Record<keyof AzureRanges, readonly [number, number]> = {
  nodes: [16, 26],
  pods: [9, 19],
  services: [12, 24],
};

/** @throws UserError for a range off its boundary, too small or too large, outside the private networks, or over another */
export function planAzureRanges(ranges: AzureRanges): AzureRanges {
  checkPrivateRanges(
    Object.entries(prefixes).map(([name, lengths]) => ({
      ...{ name: `biplane:network.${name}`, cidr: ranges[name as keyof AzureRanges], lengths },
    })),
  );
  return ranges;
}

/** The cluster's DNS has the tenth address of the services, as AKS has it by default; the first is the API's. */
export function dnsServiceAddress({ services }: Pick<AzureRanges, "services">): string {
  return addressAt(services, 10);
}
