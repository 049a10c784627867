import { describe, expect, it } from "vitest";
import { tableOf, waysOut } from "./network.ts";

describe("the ways out of a subnet", () => {
  it("are every route that leaves the network, by whatever it leaves", () => {
    expect(
      waysOut([
        { DestinationCidrBlock: "10.0.0.0/16", GatewayId: "local" },
        { DestinationPrefixListId: "pl-s3", GatewayId: "vpce-1" },
        { DestinationCidrBlock: "0.0.0.0/0", GatewayId: "igw-1" },
        { DestinationCidrBlock: "0.0.0.0/0", NatGatewayId: "nat-1" },
        { DestinationCidrBlock: "10.1.0.0/16", VpcPeeringConnectionId: "pcx-1" },
        { DestinationIpv6CidrBlock: "::/0", EgressOnlyInternetGatewayId: "eigw-1" },
        { DestinationCidrBlock: "10.2.0.0/16" },
      ]),
    ).toEqual(["igw-1", "nat-1", "pcx-1", "eigw-1", "?"]);
  });

  it("are those of the subnet's own table, else of its network's main one", () => {
    const own = { VpcId: "vpc-1", RouteTableId: "own", Associations: [{ SubnetId: "subnet-1" }] };
    const main = { VpcId: "vpc-1", RouteTableId: "main", Associations: [{ Main: true }] };
    const other = { VpcId: "vpc-2", RouteTableId: "other", Associations: [{ Main: true }] };
    expect(tableOf([other, main, own], "subnet-1", "vpc-1")).toBe(own);
    expect(tableOf([other, main, own], "subnet-2", "vpc-1")).toBe(main);
    expect(tableOf([other], "subnet-2", "vpc-1")).toBeUndefined();
  });
});
