import { beforeAll, describe, expect, it } from "vitest";
import { type Recorded, recordResources } from "../testing/record-resources.ts";
import { Network, type NetworkArgs } from "./aws.ts";
import { clusterEndpoints, managedEndpoints } from "./endpoints.ts";
import { planNetwork } from "./plan.ts";

const account = "111111111111";
const zones = ["us-east-2a", "us-east-2b", "us-east-2c"];
const args: NetworkArgs = {
  region: "us-east-2",
  account,
  plan: planNetwork("10.40.0.0/16", zones),
  flowLogs: { keyArn: "arn:aws:kms:us-east-2:111111111111:key/logs" },
  dataProtection: true,
  tags: { team: "platform" },
};
const build = (changes: Partial<NetworkArgs> = {}, preview = false) =>
  recordResources(() => new Network("acme", { ...args, ...changes }), { preview });

const names = ({ all }: Recorded) => all.map(({ type, name }) => `${type} ${name}`).sort();
const named = (made: Recorded, type: string) => made.of(type).map(({ name }) => name);

describe("Network", () => {
  let made: Recorded;
  beforeAll(async () => {
    made = await build();
  });

  it("gives no machine a public address, and only public subnets a route to the internet", () => {
    for (const { inputs } of made.of("aws:ec2/subnet:Subnet")) expect(inputs.mapPublicIpOnLaunch).toBe(false);
    const open = made
      .of("aws:ec2/routeTable:RouteTable")
      .filter(({ inputs }) => JSON.stringify(inputs).includes("gatewayId"));
    expect(open.map(({ name }) => name)).toEqual(["acme-public"]);
  });

  it("lets each zone's private subnet leave by that zone's own gateway", () => {
    for (const zone of zones) {
      expect(made.one("aws:ec2/routeTable:RouteTable", `acme-private-${zone}`).inputs.routes).toEqual([
        { cidrBlock: "0.0.0.0/0", natGatewayId: `acme-nat-${zone}-id` },
      ]);
      expect(made.one("aws:ec2/natGateway:NatGateway", `acme-nat-${zone}`).inputs).toMatchObject({
        subnetId: `acme-public-${zone}-id`,
        allocationId: `acme-nat-${zone}-id`,
      });
    }
  });

  it("gives stores and the cluster's interfaces no way out", () => {
    for (const tier of ["isolated", "cluster"]) {
      expect(made.one("aws:ec2/routeTable:RouteTable", `acme-${tier}`).inputs.routes).toEqual([]);
    }
  });

  it("makes one gateway if one is asked for, and keeps the first one's name", async () => {
    const one = await build({ natGateways: "one" });
    expect(named(one, "aws:ec2/natGateway:NatGateway")).toEqual(["acme-nat-us-east-2a"]);
    const targets = zones.map((zone) => one.one("aws:ec2/routeTable:RouteTable", `acme-private-${zone}`).inputs.routes);
    expect(JSON.stringify(targets).match(/acme-nat-us-east-2a-id/g)).toHaveLength(3);
  });

  it("answers the addresses that its traffic comes from, so that a region can allow them", async () => {
    const seen: string[] = [];
    await recordResources(() => {
      for (const address of new Network("acme", args).natAddresses) address.apply((text) => seen.push(text));
    });
    expect(seen.sort()).toEqual(zones.map((zone) => `address of acme-nat-${zone}`));
  });

  it("logs every flow, accepted or not, under the key, by a role that writes there and nowhere else", () => {
    const { inputs: log } = made.one("aws:ec2/flowLog:FlowLog");
    expect(log).toMatchObject({ trafficType: "ALL", vpcId: "acme-id", maxAggregationInterval: 60 });
    const { inputs: group } = made.one("aws:cloudwatch/logGroup:LogGroup");
    expect(group).toMatchObject({
      kmsKeyId: args.flowLogs.keyArn,
      retentionInDays: 365,
      name: "/biplane/acme-flow-logs",
    });
    const policy = String(made.one("aws:iam/rolePolicy:RolePolicy").inputs.policy);
    expect(policy).toContain(`log-group:${String(group.name)}`);
    expect(log.iamRoleArn).toBe("arn:aws:iam::111111111111:role/acme-flow-logs");
  });

  it("empties the group that AWS gives every network", () => {
    const { inputs } = made.one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup");
    expect(inputs).toMatchObject({ vpcId: "acme-id", ingress: [], egress: [] });
  });

  it("reaches S3 by a gateway on every private table, and the other services by interfaces with their own names", () => {
    expect(made.one("aws:ec2/vpcEndpoint:VpcEndpoint", "acme-endpoints-s3").inputs).toMatchObject({
      vpcEndpointType: "Gateway",
      routeTableIds: zones.map((zone) => `acme-private-${zone}-id`),
    });
    const interfaces = made.of("aws:ec2/vpcEndpoint:VpcEndpoint").filter(({ name }) => !name.endsWith("-s3"));
    expect(interfaces.map(({ inputs }) => inputs.serviceName)).toEqual(
      expect.arrayContaining(clusterEndpoints.map((service) => `com.amazonaws.us-east-2.${service}`)),
    );
    expect(interfaces.length).toBe(clusterEndpoints.length);
    for (const { inputs } of interfaces) {
      expect(inputs).toMatchObject({
        privateDnsEnabled: true,
        securityGroupIds: ["acme-endpoints-id"],
        subnetIds: zones.map((zone) => `acme-private-${zone}-id`),
      });
    }
  });

  it("opens the endpoints to the private subnets only, each described, and nothing to the world", () => {
    const rules = made.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").map(({ inputs }) => inputs);
    expect(rules.map(({ cidrIpv4, fromPort, toPort }) => [cidrIpv4, fromPort, toPort])).toEqual([
      ["10.40.0.0/18", 443, 443],
      ["10.40.64.0/18", 443, 443],
      ["10.40.128.0/18", 443, 443],
    ]);
    for (const { description } of rules) expect(description).toMatch(/private subnet in us-east-2[abc]/);
    expect(made.of("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")).toEqual([]);
  });

  it("refuses a list of endpoints that names S3 or a service twice", async () => {
    await expect(build({ endpoints: ["s3"] })).rejects.toThrow(/biplane:network\.endpoints .*not s3/);
    await expect(build({ endpoints: ["sts", "sts"] })).rejects.toThrow(/biplane:network\.endpoints/);
  });

  it("knows the fourteen endpoints of the documents", () => {
    const documented =
      "autoscaling xray s3 sts ecr.api ssm ec2messages ec2 ssmmessages ecr.dkr logs eks-auth eks elasticloadbalancing";
    expect([...managedEndpoints, "s3"]).toEqual(expect.arrayContaining(documented.split(" ")));
  });

  it("shows the same resources in a first preview, when nothing is known yet", async () => {
    expect(names(await build({}, true))).toEqual(names(made));
  });

  it("tags everything that can be tagged", () => {
    const untaggable = /RouteTableAssociation|RolePolicy/;
    const taggable = made.all.filter(({ type }) => type.startsWith("aws:") && !untaggable.test(type));
    expect(taggable.length).toBeGreaterThan(40);
    for (const { type, name, inputs } of taggable) expect(inputs.tags, `${type} ${name}`).toMatchObject(args.tags);
  });

  it("moves no name when a zone is added", async () => {
    const fewer = await build({ plan: planNetwork("10.40.0.0/16", zones.slice(0, 2)) });
    expect(names(made)).toEqual(expect.arrayContaining(names(fewer)));
  });
});
