/** Where everything of a plane on Google Cloud has its addresses: one subnet, as documented; pure. */
import { checkPrivateRanges } from "./private-ranges.ts";

export interface GoogleRanges {
  /** Nodes; the subnet's own range. */
  nodes: string;
  /** Pods: a secondary range. */
  pods: string;
  /** Services: a secondary range. */
  services: string;
  /** The cluster's control plane: a /28 that nothing else is in. */
  master: string;
}

/** Sizes as documented: /18 for nodes, /15 for pods (110 a node), /18 for services. */
export const defaultRanges: GoogleRanges = {
  nodes: "10.40.0.0/18",
  pods: "10.64.0.0/15",
  services: "10.40.64.0/18",
  master: "10.40.128.0/28",
};

/** Prefixes that Google takes, narrowed where a plane would not fit: each node takes a /24 of the pods' range. */
const prefixes: Record<keyof GoogleRanges, readonly [number, number]> = {
  nodes: [16, 24],
  pods: [9, 19],
  services: [16, 22],
  master: [28, 28],
};

/**
 * @param more ranges of other things in the same network, by the settings' names
 * @throws UserError for a range off its boundary, too small or too large, outside the private networks, or over another
 */
export function planRanges(ranges: GoogleRanges, more: Record<string, string> = {}): GoogleRanges {
  checkPrivateRanges([
    ...Object.entries(prefixes).map(([name, lengths]) => ({
      ...{ name: `biplane:network.${name}`, cidr: ranges[name as keyof GoogleRanges], lengths },
    })),
    ...Object.entries(more).map(([name, cidr]) => ({ name, cidr, lengths: [16, 29] as const })),
  ]);
  return ranges;
}
