import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { Tags } from "../ownership/tags.ts";
import type { NetworkPlan } from "./plan.ts";

export interface Place {
  vpc: aws.ec2.Vpc;
  plan: NetworkPlan;
  tags: Tags;
  parent: pulumi.Resource;
}

export interface Routing extends Place {
  /** One a zone, in the plan's order. */
  subnets: aws.ec2.Subnet[];
}

/** @returns the internet gateway: whatever needs a public address must wait for it. */
export function routeToInternet(name: string, routing: Routing): aws.ec2.InternetGateway {
  const { vpc, tags, parent } = routing;
  const gateway = new aws.ec2.InternetGateway(name, { vpcId: vpc.id, tags: { ...tags, Name: name } }, { parent });
  const table = createTable(name, routing, [{ cidrBlock: "0.0.0.0/0", gatewayId: gateway.id }]);
  for (const { zone, subnet } of placed(routing)) associate(`${name}-${zone}`, subnet, table, parent);
  return gateway;
}

/** A table of its own with the local route only: the VPC's main table must decide nothing. */
export function routeNowhere(name: string, routing: Routing): void {
  const table = createTable(name, routing, []);
  for (const { zone, subnet } of placed(routing)) associate(`${name}-${zone}`, subnet, table, routing.parent);
}

/** One table a zone, since each zone's traffic leaves by its own gateway. */
export function routeByNat(name: string, routing: Routing, gateways: aws.ec2.NatGateway[]): aws.ec2.RouteTable[] {
  return placed(routing).map(({ zone, subnet }, at) => {
    const gateway = gateways[at] ?? gateways[0];
    const table = createTable(
      `${name}-${zone}`,
      routing,
      gateway ? [{ cidrBlock: "0.0.0.0/0", natGatewayId: gateway.id }] : [],
    );
    associate(`${name}-${zone}`, subnet, table, routing.parent);
    return table;
  });
}

type Routes = NonNullable<aws.ec2.RouteTableArgs["routes"]>;

function createTable(name: string, { vpc, tags, parent }: Place, routes: Routes): aws.ec2.RouteTable {
  return new aws.ec2.RouteTable(name, { vpcId: vpc.id, routes, tags: { ...tags, Name: name } }, { parent });
}

function associate(name: string, subnet: aws.ec2.Subnet, table: aws.ec2.RouteTable, parent: pulumi.Resource) {
  new aws.ec2.RouteTableAssociation(name, { subnetId: subnet.id, routeTableId: table.id }, { parent });
}

/** Subnets with their zones' names and all that the plan gives the zone. */
export function placed({ plan, subnets }: Pick<Routing, "plan" | "subnets">) {
  return subnets.flatMap((subnet, place) => {
    const cidr = plan.zones[place];
    return cidr ? [{ zone: cidr.zone, subnet, cidr }] : [];
  });
}
