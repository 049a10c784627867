import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Tags } from "../ownership/tags.ts";
import type { ClusterLink } from "./plan.ts";

export interface ClusterApiLinkArgs {
  vpcId: pulumi.Input<string>;
  /** Private subnets of the region, one a zone. */
  subnetIds: pulumi.Input<string>[];
  /** The group of whoever manages clusters from here. */
  clientSecurityGroupId: pulumi.Input<string>;
  /** Checked by `checkLinks`. */
  link: ClusterLink;
  /** Port of the cluster's API. @default 443 */
  apiPort?: number;
  tags: Tags;
}

/**
 * A region's end of one customer's PrivateLink: an endpoint, and the cluster's own host name leading to it inside this
 * network alone, so that the API's certificate is verified as everywhere else.
 * The endpoint waits until the customer accepts it by its id; the way leads from here to there only.
 * Claims: net-byoc-private-management, n-k8s-api-resolves-private.
 */
export class ClusterApiLink extends pulumi.ComponentResource {
  /** For the customer to accept. */
  readonly endpointId: pulumi.Output<string>;

  constructor(name: string, args: ClusterApiLinkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:private-link:ClusterApiLink", name, {}, opts);
    const { vpcId, subnetIds, link, tags } = args;

    const group = admitClients(name, args, this);
    const endpoint = new aws.ec2.VpcEndpoint(
      name,
      {
        vpcId,
        serviceName: link.serviceName,
        vpcEndpointType: "Interface",
        // The name is the customer's cluster's, which no service of theirs can prove: the zone below leads it here.
        privateDnsEnabled: false,
        subnetIds,
        securityGroupIds: [group.id],
        tags: { ...tags, Name: name },
      },
      { parent: this },
    );
    leadName(name, endpoint, args, this);

    this.endpointId = endpoint.id;
    this.registerOutputs({ endpointId: this.endpointId });
  }
}

function admitClients(name: string, args: ClusterApiLinkArgs, parent: pulumi.Resource): aws.ec2.SecurityGroup {
  const { vpcId, clientSecurityGroupId, link, apiPort = 443, tags } = args;
  const group = new aws.ec2.SecurityGroup(
    name,
    { name, description: `Kubernetes API of ${link.org} ${link.cluster}`, vpcId, tags: { ...tags, Name: name } },
    { parent },
  );
  new aws.vpc.SecurityGroupIngressRule(
    `${name}-in`,
    {
      securityGroupId: group.id,
      referencedSecurityGroupId: clientSecurityGroupId,
      description: "From whoever manages clusters",
      ipProtocol: "tcp",
      fromPort: apiPort,
      toPort: apiPort,
      tags,
    },
    { parent },
  );
  return group;
}

/** A zone of exactly the one name: it hides no other cluster's. */
function leadName(
  name: string,
  endpoint: aws.ec2.VpcEndpoint,
  { vpcId, link, tags }: ClusterApiLinkArgs,
  parent: pulumi.Resource,
) {
  const zone = new aws.route53.Zone(
    name,
    { name: link.apiHost.toLowerCase(), comment: `${link.org} ${link.cluster}`, vpcs: [{ vpcId }], tags },
    { parent },
  );
  const regional = endpoint.dnsEntries.apply(([first]) => {
    if (!first) throw new Error(`endpoint ${name} answers no DNS name`);
    return first;
  });
  new aws.route53.Record(
    name,
    {
      zoneId: zone.zoneId,
      name: link.apiHost.toLowerCase(),
      type: "A",
      aliases: [{ name: regional.dnsName, zoneId: regional.hostedZoneId, evaluateTargetHealth: false }],
    },
    { parent },
  );
}
