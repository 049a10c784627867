/** EC2: what programs ask about networks that they did not make. */
import type { Package } from "../machine/resource.ts";
import { properties } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { need } from "./helpers.ts";

export const networkLookups = (cloud: Cloud): Package["invokes"] => ({
  "aws:ec2/getVpc:getVpc": async ({ id }) => {
    const ec2 = await cloud.ec2();
    const VpcId = String(id);
    const vpc = need((await ec2.describeVpcs({ VpcIds: [VpcId] })).Vpcs?.[0], `the VPC ${VpcId}`);
    const support = await ec2.describeVpcAttribute({ VpcId, Attribute: "enableDnsSupport" });
    const names = await ec2.describeVpcAttribute({ VpcId, Attribute: "enableDnsHostnames" });
    return properties({
      id: VpcId,
      cidrBlock: vpc.CidrBlock,
      enableDnsSupport: support.EnableDnsSupport?.Value,
      enableDnsHostnames: names.EnableDnsHostnames?.Value,
    });
  },
  "aws:ec2/getSubnet:getSubnet": async ({ id }) => {
    const found = await (await cloud.ec2()).describeSubnets({ SubnetIds: [String(id)] });
    const subnet = need(found.Subnets?.[0], `the subnet ${id}`);
    return properties({
      id,
      vpcId: subnet.VpcId,
      cidrBlock: subnet.CidrBlock,
      availabilityZone: subnet.AvailabilityZone,
    });
  },
  "aws:ec2/getRouteTables:getRouteTables": async ({ vpcId, filters }) => {
    const asked = Array.isArray(filters) ? (filters as { name: string; values: string[] }[]) : [];
    const Filters = [
      { Name: "vpc-id", Values: [String(vpcId)] },
      ...asked.map(({ name, values }) => ({ Name: name, Values: values })),
    ];
    const { RouteTables = [] } = await (await cloud.ec2()).describeRouteTables({ Filters });
    return properties({ id: cloud.region, vpcId, ids: RouteTables.map(({ RouteTableId }) => RouteTableId) });
  },
  "aws:ec2/getRouteTable:getRouteTable": async ({ routeTableId }) => {
    const found = await (await cloud.ec2()).describeRouteTables({ RouteTableIds: [String(routeTableId)] });
    const { Routes = [] } = need(found.RouteTables?.[0], `the route table ${routeTableId}`);
    const routes = Routes.map((route) => ({
      cidrBlock: route.DestinationCidrBlock ?? "",
      gatewayId: route.GatewayId ?? "",
      natGatewayId: route.NatGatewayId ?? "",
      transitGatewayId: route.TransitGatewayId ?? "",
      networkInterfaceId: route.NetworkInterfaceId ?? "",
      vpcPeeringConnectionId: route.VpcPeeringConnectionId ?? "",
    }));
    return properties({ id: routeTableId, routeTableId, routes });
  },
});
