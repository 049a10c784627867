/** Networks by their CIDRs. */
import { BlockList, isIPv4, isIPv6 } from "node:net";

interface Block {
  address: string;
  prefix: number;
  family: "ipv4" | "ipv6";
}

/** Does one of the outer networks hold the whole of the inner one? What is no CIDR lies in none. */
export function liesWithin(inner: string, outer: readonly string[]): boolean {
  const block = parse(inner);
  return block !== undefined && outer.some((cidr) => holds(parse(cidr), block));
}

function holds(outer: Block | undefined, inner: Block): boolean {
  if (!outer || outer.family !== inner.family || inner.prefix < outer.prefix) return false;
  const list = new BlockList();
  list.addSubnet(outer.address, outer.prefix, outer.family);
  return list.check(inner.address, inner.family);
}

function parse(cidr: string): Block | undefined {
  const [, address = "", length = ""] = /^([0-9a-f.:]+)\/(\d{1,3})$/i.exec(cidr) ?? [];
  const family = isIPv4(address) ? "ipv4" : isIPv6(address) ? "ipv6" : undefined;
  const prefix = Number(length);
  if (!family || prefix > (family === "ipv4" ? 32 : 128)) return undefined;
  return { address, prefix, family };
}
