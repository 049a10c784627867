import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Tags } from "../ownership/tags.ts";
import type { NetworkPlan, ZonePlan } from "./plan.ts";

export interface NetworkArgs {
  /** Every subnet's place; from `planNetwork`. */
  plan: NetworkPlan;
  tags: Tags;
}

type Tier = Exclude<keyof ZonePlan, "zone">;

/**
 * A VPC over the planned zones: public subnets with a way to the internet, private ones for nodes, isolated ones for
 * stores. Private subnets get their NAT gateways in the network's next part.
 */
export class Network extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  readonly publicSubnetIds: pulumi.Output<string>[];
  readonly privateSubnetIds: pulumi.Output<string>[];
  readonly isolatedSubnetIds: pulumi.Output<string>[];

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:network:Network", name, {}, opts);
    const { plan, tags } = args;

    const vpc = new aws.ec2.Vpc(
      name,
      { cidrBlock: plan.cidr, enableDnsHostnames: true, enableDnsSupport: true, tags: { ...tags, Name: name } },
      { parent: this },
    );
    const subnets = (tier: Tier) => createSubnets(`${name}-${tier}`, tier, { vpc, plan, tags, parent: this });
    const open = subnets("public");
    const inner = subnets("private");
    const isolated = subnets("isolated");
    routeToInternet(`${name}-public`, { vpc, plan, tags, subnets: open, parent: this });
    routeByZone(`${name}-private`, { vpc, plan, tags, subnets: inner, parent: this });
    routeNowhere(`${name}-isolated`, { vpc, plan, tags, subnets: isolated, parent: this });

    this.vpcId = vpc.id;
    this.publicSubnetIds = open.map(({ id }) => id);
    this.privateSubnetIds = inner.map(({ id }) => id);
    this.isolatedSubnetIds = isolated.map(({ id }) => id);
    this.registerOutputs({ vpcId: this.vpcId });
  }
}

interface Place {
  vpc: aws.ec2.Vpc;
  plan: NetworkPlan;
  tags: Tags;
  parent: pulumi.Resource;
}

/** Nothing gets a public address by being placed here: balancers bring their own. */
function createSubnets(name: string, tier: Tier, { vpc, plan, tags, parent }: Place): aws.ec2.Subnet[] {
  return plan.zones.map(
    (zone) =>
      new aws.ec2.Subnet(
        `${name}-${zone.zone}`,
        {
          vpcId: vpc.id,
          cidrBlock: zone[tier],
          availabilityZone: zone.zone,
          mapPublicIpOnLaunch: false,
          tags: { ...tags, Name: `${name}-${zone.zone}` },
        },
        { parent },
      ),
  );
}

interface Routing extends Place {
  subnets: aws.ec2.Subnet[];
}

function routeToInternet(name: string, routing: Routing) {
  const { vpc, tags, parent } = routing;
  const gateway = new aws.ec2.InternetGateway(name, { vpcId: vpc.id, tags: { ...tags, Name: name } }, { parent });
  const table = createTable(name, routing, [{ cidrBlock: "0.0.0.0/0", gatewayId: gateway.id }]);
  for (const { zone, subnetId } of placed(routing)) associate(`${name}-${zone}`, subnetId, table, parent);
}

/** A table of its own with the local route only: the VPC's main table must decide nothing. */
function routeNowhere(name: string, routing: Routing) {
  const table = createTable(name, routing, []);
  for (const { zone, subnetId } of placed(routing)) associate(`${name}-${zone}`, subnetId, table, routing.parent);
}

/** One table a zone, since each zone's traffic leaves by its own gateway. */
function routeByZone(name: string, routing: Routing) {
  for (const { zone, subnetId } of placed(routing)) {
    const table = createTable(`${name}-${zone}`, routing, []);
    associate(`${name}-${zone}`, subnetId, table, routing.parent);
  }
}

type Routes = NonNullable<aws.ec2.RouteTableArgs["routes"]>;

function createTable(name: string, { vpc, tags, parent }: Place, routes: Routes): aws.ec2.RouteTable {
  return new aws.ec2.RouteTable(name, { vpcId: vpc.id, routes, tags: { ...tags, Name: name } }, { parent });
}

function associate(name: string, subnetId: pulumi.Output<string>, table: aws.ec2.RouteTable, parent: pulumi.Resource) {
  new aws.ec2.RouteTableAssociation(name, { subnetId, routeTableId: table.id }, { parent });
}

function placed({ plan, subnets }: Routing): { zone: string; subnetId: pulumi.Output<string> }[] {
  return subnets.flatMap(({ id }, place) => {
    const zone = plan.zones[place]?.zone;
    return zone ? [{ zone, subnetId: id }] : [];
  });
}
