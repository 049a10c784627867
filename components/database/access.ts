import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { Tags } from "../ownership/tags.ts";

export const port = 5432;

export interface AccessArgs {
  vpcId: pulumi.Input<string>;
  clientSecurityGroupId: pulumi.Input<string>;
  tags: Tags;
}

/** One way in, none out: a database starts no connections. */
export function createSecurityGroup(name: string, args: AccessArgs, parent: pulumi.Resource) {
  const group = new aws.ec2.SecurityGroup(
    name,
    { name, description: "Control plane database", vpcId: args.vpcId, tags: { ...args.tags, Name: name } },
    { parent },
  );
  new aws.vpc.SecurityGroupIngressRule(
    `${name}-services`,
    {
      securityGroupId: group.id,
      description: "PostgreSQL from the services",
      ipProtocol: "tcp",
      fromPort: port,
      toPort: port,
      referencedSecurityGroupId: args.clientSecurityGroupId,
      tags: args.tags,
    },
    { parent },
  );
  return group;
}
