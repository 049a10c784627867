import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Tags } from "../ownership/tags.ts";
import type { VpcPlace } from "./contract.ts";
import { CloudEndpoints } from "./endpoints.ts";
import { FlowLogs, type FlowLogsArgs } from "./flow-logs.ts";
import { createNat, type NatGateways } from "./nat.ts";
import type { NetworkPlan, Tier } from "./plan.ts";
import { type Place, placed, type Routing, routeByNat, routeNowhere, routeToInternet } from "./routes.ts";

export interface NetworkArgs {
  region: string;
  account: pulumi.Input<string>;
  /** Every subnet's place; from `planNetwork`. */
  plan: NetworkPlan;
  /** @default per-zone */
  natGateways?: NatGateways;
  flowLogs: Pick<FlowLogsArgs, "keyArn" | "retentionDays">;
  /** Interface endpoints beside S3's gateway. @default clusterEndpoints */
  endpoints?: string[];
  /** On: the kept flow logs cannot be destroyed. */
  dataProtection: boolean;
  tags: Tags;
}

/**
 * A VPC over the planned zones: public subnets with a way to the internet, private ones for nodes that leave by NAT,
 * isolated ones for stores and small ones for the cluster's own interfaces; endpoints of the AWS services that clusters
 * call, a log of every flow, and a default security group that admits nothing.
 * Claims: cp-vpc-isolated, net-no-inbound-firewall-rules, n-sg-no-inbound-rules, n-external-port-scan-clean, and those
 * of its parts.
 */
export class Network extends pulumi.ComponentResource implements VpcPlace {
  readonly vpcId: pulumi.Output<string>;
  readonly publicSubnetIds: pulumi.Output<string>[];
  readonly privateSubnetIds: pulumi.Output<string>[];
  readonly isolatedSubnetIds: pulumi.Output<string>[];
  readonly clusterSubnetIds: pulumi.Output<string>[];
  readonly privateCidrs: pulumi.Output<string>[];
  readonly isolatedCidrs: pulumi.Output<string>[];
  readonly clusterCidrs: pulumi.Output<string>[];
  readonly natAddresses: pulumi.Output<string>[];
  /** For their alarms. */
  readonly natGateways: { zone: string; id: pulumi.Output<string> }[];

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:network:Network", name, {}, opts);
    const { plan, tags } = args;

    const vpc = new aws.ec2.Vpc(
      name,
      { cidrBlock: plan.cidr, enableDnsHostnames: true, enableDnsSupport: true, tags: { ...tags, Name: name } },
      { parent: this },
    );
    const place: Place = { vpc, plan, tags, parent: this };
    emptyDefaultGroup(name, place);
    const subnets = (tier: Tier) => createSubnets(`${name}-${tier}`, tier, place);
    const open = subnets("public");
    const inner = subnets("private");
    const isolated = subnets("isolated");
    const cluster = subnets("cluster");
    const gateway = routeToInternet(`${name}-public`, { ...place, subnets: open });
    const nat = createNat(`${name}-nat`, args.natGateways ?? "per-zone", { ...place, subnets: open }, gateway);
    const tables = routeByNat(`${name}-private`, { ...place, subnets: inner }, nat.gateways);
    routeNowhere(`${name}-isolated`, { ...place, subnets: isolated });
    routeNowhere(`${name}-cluster`, { ...place, subnets: cluster });
    createEndpoints(`${name}-endpoints`, args, { ...place, subnets: inner }, tables);
    new FlowLogs(`${name}-flow-logs`, { ...args, ...args.flowLogs, cluster: name, vpcId: vpc.id }, { parent: this });

    this.vpcId = vpc.id;
    this.publicSubnetIds = open.map(({ id }) => id);
    this.privateSubnetIds = inner.map(({ id }) => id);
    this.isolatedSubnetIds = isolated.map(({ id }) => id);
    this.clusterSubnetIds = cluster.map(({ id }) => id);
    this.privateCidrs = plan.zones.map((zone) => pulumi.output(zone.private));
    this.isolatedCidrs = plan.zones.map((zone) => pulumi.output(zone.isolated));
    this.clusterCidrs = plan.zones.map((zone) => pulumi.output(zone.cluster));
    this.natAddresses = nat.addresses.map(({ publicIp }) => publicIp);
    this.natGateways = nat.gateways.map(({ id }, at) => ({ zone: nat.zones[at] ?? `${at}`, id }));
    this.registerOutputs({ vpcId: this.vpcId });
  }
}

/**
 * AWS gives each VPC a group that lets its members talk to each other and to the world; whoever forgets to name a group
 * gets it. The default network ACL stays as it is: it allows all, and every way is decided by groups and routes.
 */
function emptyDefaultGroup(name: string, { vpc, tags, parent }: Place) {
  new aws.ec2.DefaultSecurityGroup(
    `${name}-default`,
    { vpcId: vpc.id, ingress: [], egress: [], tags: { ...tags, Name: `${name}-default` } },
    { parent },
  );
}

/** Nothing gets a public address by being placed here: balancers and NAT gateways bring their own. */
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

function createEndpoints(
  name: string,
  { region, account, endpoints }: NetworkArgs,
  { vpc, plan, tags, parent, subnets }: Routing,
  tables: aws.ec2.RouteTable[],
) {
  new CloudEndpoints(
    name,
    {
      region,
      account,
      vpcId: vpc.id,
      subnets: placed({ plan, subnets }).map(({ zone, subnet, cidr }) => ({ zone, id: subnet.id, cidr: cidr.private })),
      routeTableIds: tables.map(({ id }) => id),
      services: endpoints,
      tags,
    },
    { parent },
  );
}
