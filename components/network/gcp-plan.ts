/** Where everything of a plane on Google Cloud has its addresses: one subnet, as documented; pure. */
import { refusal } from "../../shared/errors.ts";

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

interface Block {
  name: string;
  first: number;
  last: number;
  cidr: string;
}

/**
 * @param more ranges of other things in the same network, by the settings' names
 * @throws UserError for a range off its boundary, too small or too large, outside the private networks, or over another
 */
export function planRanges(ranges: GoogleRanges, more: Record<string, string> = {}): GoogleRanges {
  const blocks = [
    ...Object.entries(prefixes).map(([name, lengths]) =>
      parse(`biplane:network.${name}`, ranges[name as keyof GoogleRanges], lengths),
    ),
    ...Object.entries(more).map(([name, cidr]) => parse(name, cidr, [16, 29])),
  ];
  for (const [at, one] of blocks.entries()) {
    const other = blocks.slice(0, at).find(({ first, last }) => one.first <= last && first <= one.last);
    if (other) {
      throw refusal({
        subject: one.name,
        value: one.cidr,
        allowed: `a network apart from ${other.name}, ${other.cidr}`,
      });
    }
  }
  return ranges;
}

/** RFC 1918: what Cloud NAT and the default firewall take for inside. */
const privateNetworks = [
  { base: 10 * 2 ** 24, prefix: 8 },
  { base: 172 * 2 ** 24 + 16 * 2 ** 16, prefix: 12 },
  { base: 192 * 2 ** 24 + 168 * 2 ** 16, prefix: 16 },
];

function parse(name: string, cidr: string, [widest, narrowest]: readonly [number, number]): Block {
  const [, address = "", length = ""] = /^((?:\d{1,3}\.){3}\d{1,3})\/(\d{1,2})$/.exec(cidr) ?? [];
  const octets = address.split(".").map(Number);
  const prefix = Number(length);
  const first = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const size = 2 ** (32 - prefix);
  const known = length !== "" && octets.every((octet) => octet <= 255) && first % size === 0;
  const inside = privateNetworks.some(
    ({ base, prefix: outer }) => prefix >= outer && first >= base && first < base + 2 ** (32 - outer),
  );
  if (!known || !inside || prefix < widest || prefix > narrowest) {
    const lengths = widest === narrowest ? `/${widest}` : `/${widest} to /${narrowest}`;
    throw refusal({ subject: name, value: cidr, allowed: `a private IPv4 network of ${lengths} on its own boundary` });
  }
  return { name, first, last: first + size - 1, cidr };
}
