import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { refusal } from "../../shared/errors.ts";
import type { Tags } from "../ownership/tags.ts";
import { renderEndpointPolicy } from "./endpoint-policies.ts";

/** What a cluster and its pods call, so that this traffic never leaves AWS's network. */
export const clusterEndpoints = [
  "autoscaling",
  "ec2",
  "ecr.api",
  "ecr.dkr",
  "eks",
  "eks-auth",
  "elasticloadbalancing",
  "kms",
  "logs",
  "secretsmanager",
  "sts",
];

/** With the gateway of S3, the fourteen that the documents ask for where the Kubernetes API is private, and ours. */
export const managedEndpoints = [...clusterEndpoints, "ec2messages", "ssm", "ssmmessages", "xray"].sort();

export interface CloudEndpointsArgs {
  region: string;
  account: pulumi.Input<string>;
  vpcId: pulumi.Input<string>;
  /** Private subnets, one a zone; each endpoint gets an address in each. */
  subnets: { zone: string; id: pulumi.Input<string>; cidr: pulumi.Input<string> }[];
  /** Tables that get the route to S3's gateway. */
  routeTableIds: pulumi.Input<string>[];
  /** Interface endpoints, by the last part of the service's name. @default clusterEndpoints */
  services?: string[];
  tags: Tags;
}

/** @throws UserError for a list that names S3, which has a gateway instead, or a service twice. */
export function checkEndpoints(services: string[]): string[] {
  const wrong = services.filter(
    (service, at) =>
      service === "s3" || services.indexOf(service) !== at || !/^[a-z0-9]+(?:[.-][a-z0-9]+)*$/.test(service),
  );
  if (wrong.length > 0) {
    throw refusal({
      subject: "biplane:network.endpoints",
      value: wrong,
      allowed: "AWS service names such as ecr.api, each once; not s3, which always has a gateway endpoint",
    });
  }
  return services;
}

/**
 * Ways to AWS's services inside the network: S3 by a gateway, the others by interfaces behind one security group that
 * admits the private subnets only. Claims: n-byoc-vpc-endpoints-set, n-sg-no-inbound-rules.
 */
export class CloudEndpoints extends pulumi.ComponentResource {
  readonly securityGroupId: pulumi.Output<string>;
  /** Id of each interface endpoint, by service. */
  readonly interfaceIds: Record<string, pulumi.Output<string>>;

  constructor(name: string, args: CloudEndpointsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:network:CloudEndpoints", name, {}, opts);
    const services = checkEndpoints(args.services ?? clusterEndpoints);

    createGateway(`${name}-s3`, args, this);
    const group = admitSubnets(name, args, this);
    this.interfaceIds = Object.fromEntries(
      services.map((service) => [service, createInterface(name, service, group, args, this).id]),
    );

    this.securityGroupId = group.id;
    this.registerOutputs({ securityGroupId: this.securityGroupId });
  }
}

function createGateway(name: string, args: CloudEndpointsArgs, parent: pulumi.Resource) {
  const { region, vpcId, routeTableIds, tags } = args;
  new aws.ec2.VpcEndpoint(
    name,
    {
      vpcId,
      serviceName: `com.amazonaws.${region}.s3`,
      vpcEndpointType: "Gateway",
      routeTableIds,
      policy: policyOf("s3", args),
      tags: { ...tags, Name: name },
    },
    { parent },
  );
}

function createInterface(
  name: string,
  service: string,
  group: aws.ec2.SecurityGroup,
  args: CloudEndpointsArgs,
  parent: pulumi.Resource,
): aws.ec2.VpcEndpoint {
  const { region, vpcId, subnets, tags } = args;
  return new aws.ec2.VpcEndpoint(
    `${name}-${service}`,
    {
      vpcId,
      serviceName: `com.amazonaws.${region}.${service}`,
      vpcEndpointType: "Interface",
      privateDnsEnabled: true,
      subnetIds: subnets.map(({ id }) => id),
      securityGroupIds: [group.id],
      policy: policyOf(service, args),
      tags: { ...tags, Name: `${name}-${service}` },
    },
    { parent },
  );
}

function policyOf(service: string, { account, region }: CloudEndpointsArgs): pulumi.Output<string> | undefined {
  if (!renderEndpointPolicy(service, { account: "", region })) return undefined;
  return pulumi.output(account).apply((id) => JSON.stringify(renderEndpointPolicy(service, { account: id, region })));
}

function admitSubnets(name: string, { vpcId, subnets, tags }: CloudEndpointsArgs, parent: pulumi.Resource) {
  const group = new aws.ec2.SecurityGroup(
    name,
    { name, description: "Endpoints of AWS services", vpcId, tags: { ...tags, Name: name } },
    { parent },
  );
  for (const { zone, cidr } of subnets) {
    new aws.vpc.SecurityGroupIngressRule(
      `${name}-${zone}`,
      {
        securityGroupId: group.id,
        description: `HTTPS from the private subnet in ${zone}`,
        cidrIpv4: cidr,
        ipProtocol: "tcp",
        fromPort: 443,
        toPort: 443,
        tags,
      },
      { parent },
    );
  }
  return group;
}
