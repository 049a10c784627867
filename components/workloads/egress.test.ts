import { BlockList } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cloudflareRanges } from "../edge/cloudflare-ranges.ts";
import { block, checkEgress, type Egress, outside, ownCloud, region } from "./egress.ts";

const credentialServers = ["169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23"];
const familyOf = (address: string) => (address.includes(":") ? "ipv6" : "ipv4");

/** As an enforcer reads an ipBlock. */
function reaches(peer: ReturnType<typeof block>, address: string): boolean {
  const { cidr, except = [] } = peer.ipBlock as { cidr: string; except?: string[] };
  const within = (range: string) => {
    const [network = "", length] = range.split("/");
    if (familyOf(network) !== familyOf(address)) return false;
    const list = new BlockList();
    list.addSubnet(network, Number(length), familyOf(network));
    return list.check(address, familyOf(address));
  };
  return within(cidr) && !except.some(within);
}

const networks = fc
  .tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }))
  .map(([address, length]) => `${address}/${length}`);
const nearMetadata = fc
  .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 32 }))
  .map(([third, fourth, length]) => `169.254.${third}.${fourth}/${length}`);

describe("block", () => {
  it("never reaches an address that serves instance credentials, however wide or near the network is", () => {
    fc.assert(
      fc.property(fc.oneof(networks, nearMetadata, fc.constant("::/0"), fc.constant("fd00::/8")), (cidr) => {
        let peer: ReturnType<typeof block>;
        try {
          peer = block(cidr);
        } catch (error) {
          return /the addresses that serve instance credentials/.test(String(error));
        }
        return credentialServers.every((address) => !reaches(peer, address));
      }),
    );
  });

  it("leaves out only what lies in the network, as the API server asks", () => {
    expect(block("0.0.0.0/0")).toEqual({ ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16"] } });
    expect(block("10.0.0.0/8")).toEqual({ ipBlock: { cidr: "10.0.0.0/8" } });
    expect(block("::/0").ipBlock).toMatchObject({ except: ["fd00:ec2::254/128", "fd00:ec2::23/128", "fe80::/10"] });
  });

  it("takes a node-local cache, which is link-local too", () => {
    expect(block("169.254.20.10/32")).toEqual({ ipBlock: { cidr: "169.254.20.10/32" } });
  });

  it.each(["169.254.169.254/32", "169.254.0.0/16", "fd00:ec2::254/128"])("refuses %s", (cidr) => {
    expect(() => block(cidr)).toThrow(/^an allowed network is "/);
  });
});

describe("outside", () => {
  it("narrowed, names Cloudflare's published ranges and the given networks, and nothing else", () => {
    const peers = outside({ cloudflareRanges: true, endpoints: ["10.40.0.0/16", "10.40.0.0/16"] });
    expect(peers).toEqual([...cloudflareRanges, "10.40.0.0/16"].map((cidr) => ({ ipBlock: { cidr } })));
    expect(peers.some((peer) => reaches(peer, "8.8.8.8"))).toBe(false);
  });
});

describe("the ways out of the narrow choice", () => {
  const cidrs = (peers: ReturnType<typeof outside>) => peers.map(({ ipBlock }) => (ipBlock as { cidr: string }).cidr);
  const endpoints = ["10.40.0.0/16"];

  it("keep apart what is the customer's own and what is the region's, where both are named", () => {
    const egress = { cloudflareRanges: true as const, endpoints, region: ["203.0.113.0/24"] };
    expect(cidrs(ownCloud(egress))).toEqual(endpoints);
    expect(cidrs(region(egress))).toEqual([...cloudflareRanges, "203.0.113.0/24"]);
    expect(cidrs(outside(egress))).toEqual([...cloudflareRanges, "203.0.113.0/24", ...endpoints]);
  });

  it("let the tunnel find its relay among the endpoints where it is not named apart", () => {
    const egress = { cloudflareRanges: true as const, endpoints };
    expect(cidrs(ownCloud(egress))).toEqual(endpoints);
    expect(cidrs(region(egress))).toEqual([...cloudflareRanges, ...endpoints]);
  });
});

describe("checkEgress", () => {
  const narrow = (...endpoints: string[]): Egress => ({ cloudflareRanges: true, endpoints });

  it("takes the open choice and networks", () => {
    expect(() => checkEgress("open-443")).not.toThrow();
    expect(() => checkEgress(narrow("10.40.0.0/16", "203.0.113.7/32"))).not.toThrow();
  });

  it.each<[string[], RegExp]>([
    [[], /^egress\.endpoints is \[\]; allowed: the networks of the cluster's API/],
    [["0.0.0.0/0"], /^egress\.endpoints is "0\.0\.0\.0\/0"; allowed: networks of \/8 to \/32; "open-443" is the word/],
    [["128.0.0.0/1"], /allowed: networks of \/8/],
    [["10.0.0.0"], /allowed: IPv4 networks such as/],
    [["10.0.0.0/33"], /allowed: IPv4 networks such as/],
    [["api.example.com/24"], /allowed: IPv4 networks such as/],
    [["169.254.169.254/32"], /instance credentials/],
  ])("refuses %j", (endpoints, message) => {
    expect(() => checkEgress(narrow(...endpoints))).toThrow(message);
  });

  it.each<[string[], RegExp]>([
    [[], /^egress\.region is \[\]; allowed: the relay's networks, or left out/],
    [["0.0.0.0/0"], /^egress\.region is "0\.0\.0\.0\/0"; allowed: networks of \/8/],
  ])("refuses %j as the region", (region, message) => {
    expect(() => checkEgress({ cloudflareRanges: true, endpoints: ["10.40.0.0/16"], region })).toThrow(message);
  });
});
