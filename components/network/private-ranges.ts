/** Ranges of a plane's own network: private, on their boundaries, and apart from each other; pure. */
import { refusal } from "../../shared/errors.ts";

export interface WantedRange {
  /** The setting that gives it. */
  name: string;
  cidr: string;
  /** Lengths of prefix that fit, widest first. */
  lengths: readonly [number, number];
}

interface Block extends WantedRange {
  first: number;
  last: number;
}

/** @throws UserError for a range off its boundary, too small or too large, outside the private networks, or over another */
export function checkPrivateRanges(wanted: readonly WantedRange[]): void {
  const blocks = wanted.map(parse);
  for (const [at, one] of blocks.entries()) {
    const other = blocks.slice(0, at).find(({ first, last }) => one.first <= last && first <= one.last);
    if (!other) continue;
    const allowed = `a network apart from ${other.name}, ${other.cidr}`;
    throw refusal({ subject: one.name, value: one.cidr, allowed });
  }
}

/** RFC 1918: what clouds' own NAT and firewalls take for inside. */
const privateNetworks = [
  { base: 10 * 2 ** 24, prefix: 8 },
  { base: 172 * 2 ** 24 + 16 * 2 ** 16, prefix: 12 },
  { base: 192 * 2 ** 24 + 168 * 2 ** 16, prefix: 16 },
];

function parse(range: WantedRange): Block {
  const { name, cidr, lengths } = range;
  const [widest, narrowest] = lengths;
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
    const words = widest === narrowest ? `/${widest}` : `/${widest} to /${narrowest}`;
    throw refusal({ subject: name, value: cidr, allowed: `a private IPv4 network of ${words} on its own boundary` });
  }
  return { ...range, first, last: first + size - 1 };
}

/** @returns the address at that place of a network, counted from its first */
export function addressAt(cidr: string, at: number): string {
  const number = (cidr.split("/")[0] ?? "").split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0) + at;
  return [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256).join(".");
}
