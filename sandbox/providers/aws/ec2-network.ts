/** EC2: the network. */
import type { EC2 } from "@aws-sdk/client-ec2";
import type { InternetGatewayArgs } from "@pulumi/aws/ec2/internetGateway.js";
import type { RouteTableArgs } from "@pulumi/aws/ec2/routeTable.js";
import type { RouteTableAssociationArgs } from "@pulumi/aws/ec2/routeTableAssociation.js";
import type { SubnetArgs } from "@pulumi/aws/ec2/subnet.js";
import type { VpcArgs } from "@pulumi/aws/ec2/vpc.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { arnOf, byTags, retag, tagged } from "./ec2-tags.ts";
import { finish, fromTags, ifThere, need, type Plain } from "./helpers.ts";

export const networkTypes = (cloud: Cloud): Types => ({
  "aws:ec2/vpc:Vpc": define<Plain<VpcArgs>>({
    defaults: { enableDnsSupport: true },
    replaceOn: ["cidrBlock", "instanceTenancy"],
    async create(inputs) {
      const ec2 = await cloud.ec2();
      const made = await ec2.createVpc({ CidrBlock: inputs.cidrBlock, TagSpecifications: tagged("vpc", inputs.tags) });
      const id = need(made.Vpc?.VpcId, "the VPC's id");
      return finish(id, () => setDns(ec2, id, inputs));
    },
    async read(id) {
      const ec2 = await cloud.ec2();
      const vpc = (await ifThere(ec2.describeVpcs({ VpcIds: [id] })))?.Vpcs?.[0];
      if (!vpc) return undefined;
      const support = await ec2.describeVpcAttribute({ VpcId: id, Attribute: "enableDnsSupport" });
      const names = await ec2.describeVpcAttribute({ VpcId: id, Attribute: "enableDnsHostnames" });
      const inputs = {
        cidrBlock: vpc.CidrBlock,
        enableDnsSupport: support.EnableDnsSupport?.Value,
        enableDnsHostnames: names.EnableDnsHostnames?.Value,
        ...fromTags(vpc.Tags),
      };
      return { inputs: properties(inputs), outputs: { arn: arnOf(cloud, "vpc", id), ownerId: cloud.account } };
    },
    async update(id, inputs, _call, olds) {
      const ec2 = await cloud.ec2();
      await setDns(ec2, id, inputs);
      await retag(ec2, id, olds.tags, inputs.tags);
    },
    async delete(id) {
      await ifThere((await cloud.ec2()).deleteVpc({ VpcId: id }));
    },
    find: async (inputs) => byTags(await cloud.ec2(), "vpc", inputs.tags),
  }),

  "aws:ec2/subnet:Subnet": define<Plain<SubnetArgs>>({
    replaceOn: ["vpcId", "cidrBlock", "availabilityZone"],
    async create(inputs) {
      const ec2 = await cloud.ec2();
      const { Subnet } = await ec2.createSubnet({
        VpcId: inputs.vpcId,
        CidrBlock: inputs.cidrBlock,
        AvailabilityZone: inputs.availabilityZone,
        TagSpecifications: tagged("subnet", inputs.tags),
      });
      const id = need(Subnet?.SubnetId, "the subnet's id");
      return finish(id, () => setPublicAddresses(ec2, id, inputs.mapPublicIpOnLaunch));
    },
    async read(id) {
      const found = await ifThere((await cloud.ec2()).describeSubnets({ SubnetIds: [id] }));
      const subnet = found?.Subnets?.[0];
      if (!subnet) return undefined;
      const inputs = {
        vpcId: subnet.VpcId,
        cidrBlock: subnet.CidrBlock,
        availabilityZone: subnet.AvailabilityZone,
        mapPublicIpOnLaunch: subnet.MapPublicIpOnLaunch,
        ...fromTags(subnet.Tags),
      };
      return { inputs: properties(inputs), outputs: { arn: arnOf(cloud, "subnet", id), ownerId: cloud.account } };
    },
    async update(id, inputs, _call, olds) {
      const ec2 = await cloud.ec2();
      await setPublicAddresses(ec2, id, inputs.mapPublicIpOnLaunch);
      await retag(ec2, id, olds.tags, inputs.tags);
    },
    async delete(id) {
      await ifThere((await cloud.ec2()).deleteSubnet({ SubnetId: id }));
    },
    async find({ vpcId, cidrBlock }) {
      const Filters = [filter("vpc-id", vpcId), filter("cidr-block", cidrBlock)];
      return (await (await cloud.ec2()).describeSubnets({ Filters })).Subnets?.[0]?.SubnetId;
    },
  }),

  "aws:ec2/internetGateway:InternetGateway": define<Plain<InternetGatewayArgs>>({
    replaceOn: ["vpcId"],
    async create(inputs) {
      const ec2 = await cloud.ec2();
      const made = await ec2.createInternetGateway({ TagSpecifications: tagged("internet-gateway", inputs.tags) });
      const id = need(made.InternetGateway?.InternetGatewayId, "the gateway's id");
      return finish(id, async () => {
        if (inputs.vpcId) await ec2.attachInternetGateway({ InternetGatewayId: id, VpcId: inputs.vpcId });
      });
    },
    async read(id) {
      const found = await ifThere((await cloud.ec2()).describeInternetGateways({ InternetGatewayIds: [id] }));
      const gateway = found?.InternetGateways?.[0];
      if (!gateway) return undefined;
      const inputs = { vpcId: gateway.Attachments?.[0]?.VpcId, ...fromTags(gateway.Tags) };
      return { inputs: properties(inputs), outputs: { arn: arnOf(cloud, "internet-gateway", id) } };
    },
    async update(id, inputs, _call, olds) {
      await retag(await cloud.ec2(), id, olds.tags, inputs.tags);
    },
    async delete(id, _call, { vpcId }) {
      const ec2 = await cloud.ec2();
      if (typeof vpcId === "string") await ifThere(ec2.detachInternetGateway({ InternetGatewayId: id, VpcId: vpcId }));
      await ifThere(ec2.deleteInternetGateway({ InternetGatewayId: id }));
    },
    find: async (inputs) => byTags(await cloud.ec2(), "internet-gateway", inputs.tags),
  }),

  "aws:ec2/routeTable:RouteTable": define<Plain<RouteTableArgs>>({
    replaceOn: ["vpcId"],
    async create(inputs) {
      const ec2 = await cloud.ec2();
      const made = await ec2.createRouteTable({
        VpcId: inputs.vpcId,
        TagSpecifications: tagged("route-table", inputs.tags),
      });
      const id = need(made.RouteTable?.RouteTableId, "the route table's id");
      return finish(id, () => setRoutes(ec2, id, [], inputs.routes ?? []));
    },
    async read(id) {
      const found = await ifThere((await cloud.ec2()).describeRouteTables({ RouteTableIds: [id] }));
      const table = found?.RouteTables?.[0];
      if (!table) return undefined;
      const routes = (table.Routes ?? [])
        // Routes of gateway endpoints belong to the endpoints.
        .filter((route) => route.GatewayId !== "local" && !route.GatewayId?.startsWith("vpce-"))
        .map(({ DestinationCidrBlock, GatewayId, NatGatewayId }) =>
          NatGatewayId
            ? { cidrBlock: DestinationCidrBlock, natGatewayId: NatGatewayId }
            : { cidrBlock: DestinationCidrBlock, gatewayId: GatewayId },
        );
      const inputs = { vpcId: table.VpcId, ...(routes.length > 0 ? { routes } : {}), ...fromTags(table.Tags) };
      return { inputs: properties(inputs), outputs: { arn: arnOf(cloud, "route-table", id) } };
    },
    async update(id, inputs, _call, olds) {
      const ec2 = await cloud.ec2();
      await setRoutes(ec2, id, olds.routes ?? [], inputs.routes ?? []);
      await retag(ec2, id, olds.tags, inputs.tags);
    },
    async delete(id) {
      await ifThere((await cloud.ec2()).deleteRouteTable({ RouteTableId: id }));
    },
    find: async (inputs) => byTags(await cloud.ec2(), "route-table", inputs.tags),
  }),

  "aws:ec2/routeTableAssociation:RouteTableAssociation": define<Plain<RouteTableAssociationArgs>>({
    async create({ routeTableId, subnetId }) {
      const ec2 = await cloud.ec2();
      const made = await ec2.associateRouteTable({ RouteTableId: routeTableId, SubnetId: subnetId });
      return need(made.AssociationId, "the association's id");
    },
    async read(id) {
      const Filters = [filter("association.route-table-association-id", id)];
      const table = (await (await cloud.ec2()).describeRouteTables({ Filters })).RouteTables?.[0];
      const found = table?.Associations?.find((association) => association.RouteTableAssociationId === id);
      if (!found) return undefined;
      return { inputs: properties({ routeTableId: found.RouteTableId, subnetId: found.SubnetId }), outputs: {} };
    },
    async delete(id) {
      await ifThere((await cloud.ec2()).disassociateRouteTable({ AssociationId: id }));
    },
    async find({ routeTableId, subnetId }) {
      const tables = await ifThere((await cloud.ec2()).describeRouteTables({ RouteTableIds: [routeTableId] }));
      const made = tables?.RouteTables?.[0]?.Associations?.find((association) => association.SubnetId === subnetId);
      return made?.RouteTableAssociationId;
    },
  }),
});

export function filter(Name: string, value: string | undefined): { Name: string; Values: string[] } {
  return { Name, Values: value === undefined ? [] : [value] };
}

async function setDns(ec2: EC2, id: string, inputs: Plain<VpcArgs>): Promise<void> {
  await ec2.modifyVpcAttribute({ VpcId: id, EnableDnsSupport: { Value: inputs.enableDnsSupport ?? true } });
  await ec2.modifyVpcAttribute({ VpcId: id, EnableDnsHostnames: { Value: inputs.enableDnsHostnames ?? false } });
}

async function setPublicAddresses(ec2: EC2, id: string, value = false): Promise<void> {
  await ec2.modifySubnetAttribute({ SubnetId: id, MapPublicIpOnLaunch: { Value: value } });
}

type Route = NonNullable<Plain<RouteTableArgs>["routes"]>[number];

async function setRoutes(ec2: EC2, id: string, olds: Route[], news: Route[]): Promise<void> {
  const key = (route: Route) => `${route.cidrBlock} ${route.gatewayId} ${route.natGatewayId}`;
  const [before, after] = [new Set(olds.map(key)), new Set(news.map(key))];
  for (const route of olds.filter((old) => !after.has(key(old)))) {
    await ifThere(ec2.deleteRoute({ RouteTableId: id, DestinationCidrBlock: route.cidrBlock }));
  }
  for (const route of news.filter((next) => !before.has(key(next)))) {
    const { cidrBlock: DestinationCidrBlock, gatewayId: GatewayId, natGatewayId: NatGatewayId } = route;
    await ec2.createRoute({ RouteTableId: id, DestinationCidrBlock, GatewayId, NatGatewayId });
  }
}
