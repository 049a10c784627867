import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { Tags } from "../ownership/tags.ts";
import { checkEndpoints, checkPrincipals, planApiTargets } from "./plan.ts";

export interface ClusterApiServiceArgs {
  vpcId: pulumi.Input<string>;
  /** Private subnets, one a zone. */
  subnetIds: pulumi.Input<string>[];
  /** CIDRs of the small subnets that hold the cluster's own interfaces, plain: they decide which targets there are. */
  clusterCidrs: string[];
  /** The group that EKS puts on the cluster's interfaces. */
  clusterSecurityGroupId: pulumi.Input<string>;
  /** Port of the cluster's API. @default 443 */
  apiPort?: number;
  /** Exact roles or users that may ask for an endpoint. */
  principals: string[];
  /** Endpoints that were asked for and are let in; all others wait or stay out. @default none */
  acceptedEndpoints?: string[];
  /** What the balancer's name begins with; the documents say unionai-access. @default unionai-access */
  namePrefix?: string;
  tags: Tags;
}

/** Longest idle time of a TCP flow that an NLB allows; a watch on the API sends bytes more often. Seconds. */
const idleSeconds = 350;

/**
 * The cluster's private API, offered by PrivateLink to named principals and to accepted endpoints only: an endpoint
 * service on an internal network balancer whose targets are all addresses at which EKS can put the API (decision 5).
 * The balancer admits nothing but PrivateLink: its group has no way in, so nothing inside the network reaches it.
 * Only for BYOC; a self-managed stack makes none of it.
 * Claims: net-byoc-private-management, model-byoc-private-connectivity, n-k8s-api-private-endpoint-exists,
 * n-management-path-no-customer-data, n-byoc-jumper-nlb-internal; their absence: model-sm-tunnel-only.
 */
export class ClusterApiService extends pulumi.ComponentResource {
  /** The name by which a region makes its endpoint. */
  readonly serviceName: pulumi.Output<string>;
  readonly serviceId: pulumi.Output<string>;
  /** For an alarm on HealthyHostCount < 1: the addresses that do not answer are no fault. */
  readonly targetGroupArn: pulumi.Output<string>;
  readonly balancerArn: pulumi.Output<string>;

  constructor(name: string, args: ClusterApiServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:private-link:ClusterApiService", name, {}, opts);
    const { principals, acceptedEndpoints = [], tags } = args;

    const balancer = createBalancer(name, args, this);
    const targets = forward(name, balancer, args, this);
    const service = new aws.ec2.VpcEndpointService(
      name,
      {
        acceptanceRequired: true,
        networkLoadBalancerArns: [balancer.arn],
        // In the order in which the cloud answers them, so that a refresh sees no change.
        allowedPrincipals: [...checkPrincipals(principals)].sort(),
        tags: { ...tags, Name: name },
      },
      { parent: this },
    );
    for (const endpoint of checkEndpoints(acceptedEndpoints)) {
      new aws.ec2.VpcEndpointConnectionAccepter(
        `${name}-${endpoint}`,
        { vpcEndpointServiceId: service.id, vpcEndpointId: endpoint },
        { parent: this },
      );
    }

    this.serviceName = service.serviceName;
    this.serviceId = service.id;
    this.targetGroupArn = targets.arn;
    this.balancerArn = balancer.arn;
    this.registerOutputs({ serviceName: this.serviceName });
  }
}

function createBalancer(name: string, args: ClusterApiServiceArgs, parent: pulumi.Resource): aws.lb.LoadBalancer {
  const { vpcId, subnetIds, clusterSecurityGroupId, apiPort = 443, namePrefix = "unionai-access", tags } = args;
  const group = new aws.ec2.SecurityGroup(
    name,
    { name, description: "PrivateLink to the cluster's API", vpcId, tags: { ...tags, Name: name } },
    { parent },
  );
  const port = { ipProtocol: "tcp", fromPort: apiPort, toPort: apiPort, tags };
  new aws.vpc.SecurityGroupEgressRule(
    `${name}-out`,
    {
      ...port,
      securityGroupId: group.id,
      referencedSecurityGroupId: clusterSecurityGroupId,
      description: "To the cluster's API",
    },
    { parent },
  );
  new aws.vpc.SecurityGroupIngressRule(
    `${name}-cluster`,
    {
      ...port,
      securityGroupId: clusterSecurityGroupId,
      referencedSecurityGroupId: group.id,
      description: `From ${name}`,
    },
    { parent },
  );
  return new aws.lb.LoadBalancer(
    name,
    {
      name: physicalName("balancer", namePrefix, name),
      loadBalancerType: "network",
      internal: true,
      subnets: subnetIds,
      securityGroups: [group.id],
      // Who comes by PrivateLink was let in by the service; the group, which admits nobody, is for everyone else.
      enforceSecurityGroupInboundRulesOnPrivateLinkTraffic: "off",
      enableCrossZoneLoadBalancing: true,
      tags: { ...tags, Name: name },
    },
    { parent },
  );
}

function forward(
  name: string,
  balancer: aws.lb.LoadBalancer,
  args: ClusterApiServiceArgs,
  parent: pulumi.Resource,
): aws.lb.TargetGroup {
  const { vpcId, clusterCidrs, apiPort = 443, tags } = args;
  const group = new aws.lb.TargetGroup(
    name,
    {
      name: physicalName("balancer", name),
      port: apiPort,
      protocol: "TCP",
      targetType: "ip",
      vpcId,
      preserveClientIp: "false",
      // A flow to an address that no longer answers is reset, so that the client dials again.
      targetHealthStates: [{ enableUnhealthyConnectionTermination: true }],
      healthCheck: { protocol: "TCP", port: "traffic-port", interval: 10, healthyThreshold: 2, unhealthyThreshold: 2 },
      tags,
    },
    { parent },
  );
  for (const address of planApiTargets(clusterCidrs)) {
    new aws.lb.TargetGroupAttachment(
      `${name}-${address}`,
      { targetGroupArn: group.arn, targetId: address, port: apiPort },
      { parent },
    );
  }
  new aws.lb.Listener(
    name,
    {
      loadBalancerArn: balancer.arn,
      port: apiPort,
      protocol: "TCP",
      tcpIdleTimeoutSeconds: idleSeconds,
      defaultActions: [{ type: "forward", targetGroupArn: group.arn }],
      tags,
    },
    { parent },
  );
  return group;
}
