import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { Tags } from "../ownership/tags.ts";

/** A network that may open connections, and who it is. */
export interface Source {
  cidr: string;
  description: string;
}

export interface BalancerArgs {
  vpcId: pulumi.Input<string>;
  /** Public subnets, one a zone. */
  subnetIds: pulumi.Input<string>[];
  /** The group of the nodes that serve the port. */
  nodeSecurityGroupId: pulumi.Input<string>;
  /** The port on every node that the Service opens. */
  nodePort: number;
  /** Who may connect; nobody else. */
  sources: Source[];
  tags: Tags;
}

const publicPort = 443;
/** Longest idle time of a TCP flow that an NLB allows; streams send keepalives far more often. */
const idleSeconds = 350;

/** A network load balancer that passes TLS through on 443 and admits the named networks only. */
export class Balancer extends pulumi.ComponentResource {
  readonly dnsName: pulumi.Output<string>;
  /** For its alarm. */
  readonly arn: pulumi.Output<string>;
  readonly targetGroupArn: pulumi.Output<string>;

  constructor(name: string, args: BalancerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:edge:Balancer", name, {}, opts);
    const { tags } = args;

    const group = openTo(name, args, this);
    reachNodes(name, group, args, this);
    const balancer = new aws.lb.LoadBalancer(
      name,
      {
        name: physicalName("balancer", name),
        loadBalancerType: "network",
        internal: false,
        subnets: args.subnetIds,
        securityGroups: [group.id],
        enableCrossZoneLoadBalancing: true,
        tags: { ...tags, Name: name },
      },
      { parent: this },
    );
    const targets = listen(name, balancer, args, this);

    this.dnsName = balancer.dnsName;
    this.arn = balancer.arn;
    this.targetGroupArn = targets.arn;
    this.registerOutputs({ dnsName: this.dnsName });
  }
}

function openTo(name: string, { vpcId, sources, tags }: BalancerArgs, parent: pulumi.Resource) {
  const group = new aws.ec2.SecurityGroup(
    name,
    { name, description: "Balancer", vpcId, tags: { ...tags, Name: name } },
    { parent },
  );
  const allowed = new aws.ec2.ManagedPrefixList(
    name,
    {
      name,
      addressFamily: "IPv4",
      entries: sources.map(({ cidr, description }) => ({ cidr, description })),
      maxEntries: sources.length,
      tags,
    },
    { parent },
  );
  new aws.vpc.SecurityGroupIngressRule(
    `${name}-in`,
    {
      securityGroupId: group.id,
      description: "TLS from the listed networks",
      prefixListId: allowed.id,
      ipProtocol: "tcp",
      fromPort: publicPort,
      toPort: publicPort,
      tags,
    },
    { parent },
  );
  return group;
}

/** Both ends: out of the balancer's group, into the nodes'. */
function reachNodes(name: string, group: aws.ec2.SecurityGroup, args: BalancerArgs, parent: pulumi.Resource) {
  const { nodeSecurityGroupId, nodePort, tags } = args;
  const port = { ipProtocol: "tcp", fromPort: nodePort, toPort: nodePort, tags };
  new aws.vpc.SecurityGroupEgressRule(
    `${name}-out`,
    { ...port, securityGroupId: group.id, referencedSecurityGroupId: nodeSecurityGroupId, description: "To the nodes" },
    { parent },
  );
  new aws.vpc.SecurityGroupIngressRule(
    `${name}-nodes`,
    { ...port, securityGroupId: nodeSecurityGroupId, referencedSecurityGroupId: group.id, description: `From ${name}` },
    { parent },
  );
}

function listen(
  name: string,
  balancer: aws.lb.LoadBalancer,
  args: BalancerArgs,
  parent: pulumi.Resource,
): aws.lb.TargetGroup {
  const { vpcId, nodePort, tags } = args;
  const targets = new aws.lb.TargetGroup(
    name,
    {
      name: physicalName("balancer", name),
      port: nodePort,
      protocol: "TCP",
      targetType: "instance",
      vpcId,
      preserveClientIp: "false",
      deregistrationDelay: 60,
      healthCheck: { protocol: "TCP", port: "traffic-port" },
      tags,
    },
    { parent },
  );
  new aws.lb.Listener(
    name,
    {
      loadBalancerArn: balancer.arn,
      port: publicPort,
      protocol: "TCP",
      tcpIdleTimeoutSeconds: idleSeconds,
      defaultActions: [{ type: "forward", targetGroupArn: targets.arn }],
      tags,
    },
    { parent },
  );
  return targets;
}
