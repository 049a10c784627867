/** A program whose objects have no names of their own, so that what a killed update leaves must be found by what it is. */
import { ec2, iam, Provider, s3, vpc as vpcRules } from "@pulumi/aws";
import type { StackRun } from "../index.ts";

export function network(): Omit<StackRun, "providers"> {
  const program = async () => {
    const opts = { provider: new Provider("aws", { region: "us-east-2" }) };
    const tags = { Name: "killed" };
    const vpc = new ec2.Vpc("vpc", { cidrBlock: "10.0.0.0/16", tags }, opts);
    const gateway = new ec2.InternetGateway("gateway", { vpcId: vpc.id, tags }, opts);
    for (const zone of ["a", "b", "c"]) {
      const cidrBlock = `10.0.${zone.charCodeAt(0)}.0/24`;
      const args = { vpcId: vpc.id, cidrBlock, availabilityZone: `us-east-2${zone}`, tags: { Name: zone } };
      const subnet = new ec2.Subnet(`subnet-${zone}`, args, opts);
      const routes = [{ cidrBlock: "0.0.0.0/0", gatewayId: gateway.id }];
      const table = new ec2.RouteTable(`routes-${zone}`, { vpcId: vpc.id, routes, tags: { Name: zone } }, opts);
      const association = { subnetId: subnet.id, routeTableId: table.id };
      new ec2.RouteTableAssociation(`routes-${zone}`, association, opts);
      new s3.Bucket(`bucket-${zone}`, { bucket: `killed-${zone}`, forceDestroy: true }, { ...opts, dependsOn: table });
    }
    const group = new ec2.SecurityGroup("group", { name: "killed", vpcId: vpc.id, tags }, opts);
    const peer = { securityGroupId: group.id, ipProtocol: "tcp", fromPort: 443, toPort: 443, cidrIpv4: "10.0.0.0/8" };
    new vpcRules.SecurityGroupIngressRule("peer", { ...peer, tags }, opts);
    const Statement = [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } }];
    const assumeRolePolicy = JSON.stringify({ Version: "2012-10-17", Statement });
    const role = new iam.Role("role", { name: "killed", assumeRolePolicy }, opts);
    const policy = {
      Version: "2012-10-17" as const,
      Statement: [{ Effect: "Deny" as const, Action: "*", Resource: "*" }],
    };
    new iam.RolePolicy("policy", { name: "killed", role: role.name, policy }, opts);
    return { vpc: vpc.id, group: group.id, role: role.arn };
  };
  return { stack: "killed", program, config: {}, secrets: { token: "t" }, account: "customer", plane: "customer" };
}
