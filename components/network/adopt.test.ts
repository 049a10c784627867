import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { adoptNetwork } from "./adopt.ts";
import { checkEgress, checkSubnets, checkVpc, type ExistingNetwork } from "./adopt-checks.ts";

const existing: ExistingNetwork = {
  vpcId: "vpc-0a",
  publicSubnetIds: ["subnet-01", "subnet-02"],
  privateSubnetIds: ["subnet-11", "subnet-12"],
  clusterSubnetIds: ["subnet-21", "subnet-22"],
};

/** What the account answers; `subnet-<tier><zone>`. Only subnet-12 has no table of its own. */
function account(token: string, inputs: Record<string, unknown>) {
  const id = String(inputs.id);
  if (token.endsWith(":getVpc")) return { id, enableDnsSupport: true, enableDnsHostnames: true };
  if (token.endsWith(":getSubnet")) {
    const [tier = "", zone = ""] = id.slice(-2);
    return { id, vpcId: "vpc-0a", availabilityZone: `us-east-2${zone}`, cidrBlock: `10.0.${tier}${zone}.0/28` };
  }
  if (token.endsWith(":getRouteTables")) {
    const [{ name, values } = { name: "", values: [""] }] = inputs.filters as { name: string; values: string[] }[];
    if (name === "association.main") return { ids: ["main"] };
    return { ids: values[0] === "subnet-12" ? [] : values };
  }
  asked.push(String(inputs.routeTableId));
  return { routes: [{ cidrBlock: "0.0.0.0/0", natGatewayId: "nat-1" }] };
}
const asked: string[] = [];

async function adopt(changes: Partial<ExistingNetwork> = {}) {
  let place: unknown;
  const made = await recordResources(
    () => {
      pulumi.output({ ...adoptNetwork({ ...existing, ...changes }) }).apply((all) => {
        place = all;
      });
    },
    { calls: account },
  );
  return { made, place };
}

describe("adoptNetwork", () => {
  it("answers what a network of ours answers, and makes nothing", async () => {
    const { made, place } = await adopt();
    expect(place).toEqual({
      vpcId: "vpc-0a",
      publicSubnetIds: existing.publicSubnetIds,
      privateSubnetIds: existing.privateSubnetIds,
      isolatedSubnetIds: [],
      clusterSubnetIds: existing.clusterSubnetIds,
      privateCidrs: ["10.0.11.0/28", "10.0.12.0/28"],
      isolatedCidrs: [],
      clusterCidrs: ["10.0.21.0/28", "10.0.22.0/28"],
      natAddresses: [],
    });
    expect(made.all.filter(({ type }) => type !== "pulumi:pulumi:Stack")).toEqual([]);
  });

  it("lets the cluster stand in the private subnets where no smaller ones are named", async () => {
    const { place } = await adopt({ clusterSubnetIds: undefined });
    expect(place).toMatchObject({ clusterSubnetIds: existing.privateSubnetIds });
  });

  it("goes by the VPC's main table where a subnet has none of its own", async () => {
    asked.length = 0;
    await adopt();
    expect(asked).toContain("main");
    expect(asked).not.toContain("subnet-12");
    expect(asked).toContain("subnet-11");
  });

  const given: [string, Partial<ExistingNetwork>, RegExp][] = [
    ["an id that is none", { vpcId: "acme" }, /network\.existing\.vpcId is "acme"/],
    ["a subnet twice", { publicSubnetIds: ["subnet-01", "subnet-01"] }, /publicSubnetIds .*each once/],
    ["one private subnet", { privateSubnetIds: ["subnet-11"] }, /at least 2 subnets/],
    [
      "a subnet that is private and public",
      { publicSubnetIds: ["subnet-11", "subnet-02"] },
      /privateSubnetIds is "subnet-11"/,
    ],
  ];
  it.each(given)("refuses %s before the account is asked", (_, changes, message) => {
    expect(() => adoptNetwork({ ...existing, ...changes })).toThrow(message);
  });
});

describe("what the account says about an existing network", () => {
  const tier = "privateSubnetIds";
  const subnet = (id: string, changes = {}) => ({
    id,
    vpcId: "vpc-0a",
    zone: id.slice(-1),
    cidr: "10.0.0.0/24",
    ...changes,
  });

  it("passes when subnets are its own, span two zones and leave by a NAT gateway", () => {
    checkSubnets(tier, "vpc-0a", [subnet("subnet-1"), subnet("subnet-2")]);
    checkEgress(tier, [{ subnetId: "subnet-1", target: "nat-1" }]);
    checkVpc("vpc-0a", { support: true, hostnames: true });
  });

  it("refuses a subnet of another VPC, and names both", () => {
    const check = () => checkSubnets(tier, "vpc-0a", [subnet("subnet-1"), subnet("subnet-2", { vpcId: "vpc-0b" })]);
    expect(check).toThrow(/privateSubnetIds is "subnet-2"; .*of vpc-0a.* belongs to vpc-0b/);
  });

  it("refuses a tier that stands in one zone", () => {
    const check = () => checkSubnets(tier, "vpc-0a", [subnet("subnet-1"), subnet("subnet-2", { zone: "1" })]);
    expect(check).toThrow(/at least 2 zones.*are in 1/);
  });

  it("refuses a private subnet without a way out, but not one for stores", () => {
    const ways = [{ subnetId: "subnet-1", target: undefined }];
    expect(() => checkEgress(tier, ways)).toThrow(/"subnet-1"; allowed: subnets with a default route/);
    checkEgress("isolatedSubnetIds", ways);
  });

  it.each([tier, "isolatedSubnetIds", "clusterSubnetIds"])("refuses an open subnet among the %s", (name) => {
    expect(() => checkEgress(name, [{ subnetId: "subnet-1", target: "igw-1" }])).toThrow(/leads to igw-1/);
  });

  it.each([
    { support: false, hostnames: true },
    { support: true, hostnames: false },
  ])("refuses a VPC whose names do not resolve: %j", (dns) => {
    expect(() => checkVpc("vpc-0a", dns)).toThrow(/modify-vpc-attribute --vpc-id vpc-0a/);
  });
});
