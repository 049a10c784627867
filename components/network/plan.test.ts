import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planNetwork, type ZonePlan } from "./plan.ts";

const zones = ["us-east-2a", "us-east-2b", "us-east-2c"];
const network = fc
  .record({ prefix: fc.integer({ min: 16, max: 20 }), seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }) })
  .map(({ prefix, seed }) => {
    const base = seed - (seed % 2 ** (32 - prefix));
    return `${[24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join(".")}/${prefix}`;
  });

/** First and last address of a CIDR, computed apart from the code under test. */
function range(cidr: string): [number, number] {
  const [address = "", prefix = ""] = cidr.split("/");
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  return [first, first + 2 ** (32 - Number(prefix)) - 1];
}

const subnets = ({ zone: _, ...tiers }: ZonePlan) => Object.values(tiers);

describe("planNetwork", () => {
  it("gives a /16 the documented sizes: private /18, public and isolated /24, cluster /28", () => {
    expect(planNetwork("10.40.0.0/16", zones).zones).toEqual([
      {
        zone: "us-east-2a",
        private: "10.40.0.0/18",
        public: "10.40.192.0/24",
        isolated: "10.40.200.0/24",
        cluster: "10.40.208.0/28",
      },
      {
        zone: "us-east-2b",
        private: "10.40.64.0/18",
        public: "10.40.193.0/24",
        isolated: "10.40.201.0/24",
        cluster: "10.40.209.0/28",
      },
      {
        zone: "us-east-2c",
        private: "10.40.128.0/18",
        public: "10.40.194.0/24",
        isolated: "10.40.202.0/24",
        cluster: "10.40.210.0/28",
      },
    ]);
  });

  it("never lets two subnets overlap, and keeps each inside the network", () => {
    fc.assert(
      fc.property(network, (cidr) => {
        const [low, high] = range(cidr);
        const sorted = planNetwork(cidr, zones)
          .zones.flatMap(subnets)
          .map(range)
          .sort(([a], [b]) => a - b);
        let last = low - 1;
        for (const [first, end] of sorted) {
          expect(first).toBeGreaterThan(last);
          last = end;
        }
        expect(last).toBeLessThanOrEqual(high);
      }),
    );
  });

  it("puts every subnet on its own boundary, none smaller than AWS allows", () => {
    fc.assert(
      fc.property(network, (cidr) => {
        for (const subnet of planNetwork(cidr, zones).zones.flatMap(subnets)) {
          const [first, last] = range(subnet);
          expect(first % (last - first + 1)).toBe(0);
          expect(last - first + 1).toBeGreaterThanOrEqual(16);
        }
      }),
    );
  });

  it("moves no subnet when a zone is added", () => {
    fc.assert(
      fc.property(network, fc.integer({ min: 1, max: 2 }), (cidr, count) => {
        const fewer = planNetwork(cidr, zones.slice(0, count)).zones;
        expect(planNetwork(cidr, zones).zones.slice(0, count)).toEqual(fewer);
      }),
    );
  });

  it.each(["10.40.0.0/15", "10.40.0.0/21", "10.40.1.0/16", "10.256.0.0/16", "10.40.0.0", "fd00::/16", ""])(
    "refuses the network %j and says what is allowed",
    (cidr) => {
      expect(() => planNetwork(cidr, zones)).toThrow(
        /biplane:network\.cidr .* allowed: an IPv4 network of \/16 to \/20/,
      );
    },
  );

  it.each([[[]], [["a", "b", "c", "d"]], [["a", "a"]]])("refuses the zones %j", (list) => {
    expect(() => planNetwork("10.40.0.0/16", list)).toThrow(/biplane:network\.zones/);
  });
});
