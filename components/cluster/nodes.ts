import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import { NarrowRole } from "../identity/narrow-role.ts";
import type { Tags } from "../ownership/tags.ts";
import type { PlannedNodeGroup } from "./node-plan.ts";

export interface NodesArgs {
  region: string;
  account: pulumi.Input<string>;
  clusterName: string;
  /** The control plane's version, once it runs it: nodes follow and never lead. */
  version: pulumi.Input<string>;
  /** Release of the node image. @default the newest when a group is made; it stays until one is named */
  release?: string;
  groups: PlannedNodeGroup[];
  /** Seals the nodes' volumes. */
  keyArn: pulumi.Input<string>;
  /** Lets Session Manager open a shell on the nodes. @default false */
  ssm?: boolean;
  tags: Tags;
}

/**
 * Managed node groups, one a zone for each kind of node. A node can join the cluster and pull images; pods do not reach
 * its credentials, since its metadata answers signed requests from one network hop only.
 * Proved by iam-user-no-platform-access and n-sg-no-inbound-rules.
 */
export class Nodes extends pulumi.ComponentResource {
  readonly roleArn: pulumi.Output<string>;
  /** Settled once every group has its first nodes: what needs nodes to start waits for it. */
  readonly ready: pulumi.Output<string[]>;
  /** Each group by its name in AWS, once it is there. */
  readonly groups: { key: string; zone: string; name: pulumi.Output<string> }[];

  constructor(name: string, args: NodesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:cluster:Nodes", name, {}, opts);
    const role = createRole(name, args, this);
    const templates = createTemplates(name, args, this);
    const groups = args.groups.map((group) => createGroup(name, group, { args, role, templates, parent: this }));

    this.roleArn = role.arn;
    this.groups = args.groups.map(({ key, subnet: { zone } }, at) => ({ key, zone, name: nameOf(groups[at]) }));
    this.ready = pulumi.all(groups.map(({ id }) => id));
    this.registerOutputs({ roleArn: this.roleArn });
  }
}

function nameOf(group: aws.eks.NodeGroup | undefined): pulumi.Output<string> {
  if (!group) throw new Error("a planned node group was not made");
  return group.nodeGroupName;
}

function createRole(name: string, { region, account, clusterName, ssm, tags }: NodesArgs, parent: pulumi.Resource) {
  const role = new NarrowRole(name, { kind: "node", cluster: clusterName, region, account, tags }, { parent });
  if (!ssm) return { arn: role.arn };
  const policyArn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore";
  const shell = new aws.iam.RolePolicyAttachment(`${name}-ssm`, { role: role.roleName, policyArn }, { parent });
  return { arn: pulumi.all([role.arn, shell.id]).apply(([arn]) => arn) };
}

/** One for each kind of node, since only its disk differs. EKS adds image, address and start-up itself. */
function createTemplates(name: string, args: NodesArgs, parent: pulumi.Resource): Map<string, aws.ec2.LaunchTemplate> {
  const kinds = new Map(args.groups.map(({ group, diskGib }) => [group, diskGib]));
  return new Map(
    [...kinds].map(([group, diskGib]) => [group, createTemplate(`${name}-${group}`, diskGib, args, parent)]),
  );
}

function createTemplate(name: string, diskGib: number, { keyArn, tags }: NodesArgs, parent: pulumi.Resource) {
  const owned = { ...tags, Name: name };
  return new aws.ec2.LaunchTemplate(
    name,
    {
      name: physicalName("general", name),
      updateDefaultVersion: true,
      // One hop ends in the node itself: a pod has one more.
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
      blockDeviceMappings: [
        {
          deviceName: "/dev/xvda",
          ebs: {
            volumeType: "gp3",
            volumeSize: diskGib,
            encrypted: "true",
            kmsKeyId: keyArn,
            deleteOnTermination: "true",
          },
        },
      ],
      monitoring: { enabled: true },
      tagSpecifications: ["instance", "volume", "network-interface"].map((resourceType) => ({
        resourceType,
        tags: owned,
      })),
      tags: owned,
    },
    { parent },
  );
}

interface Making {
  args: NodesArgs;
  role: { arn: pulumi.Output<string> };
  templates: Map<string, aws.ec2.LaunchTemplate>;
  parent: pulumi.Resource;
}

function createGroup(name: string, group: PlannedNodeGroup, { args, role, templates, parent }: Making) {
  const { key, instanceTypes, amiType, capacityType, labels, taints, min, max } = group;
  const template = templates.get(group.group);
  if (!template) throw new Error(`node group ${group.group} has no launch template`);
  return new aws.eks.NodeGroup(
    `${name}-${key}`,
    {
      clusterName: args.clusterName,
      nodeGroupName: group.physicalName,
      nodeRoleArn: role.arn,
      subnetIds: [group.subnet.subnetId],
      instanceTypes,
      amiType,
      capacityType,
      version: args.version,
      releaseVersion: args.release,
      launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
      scalingConfig: { minSize: min, maxSize: max, desiredSize: min },
      // One node after the other, each drained as disruption budgets allow: an update that a budget stops is reported.
      updateConfig: { maxUnavailable: 1 },
      forceUpdateVersion: false,
      nodeRepairConfig: { enabled: true },
      labels,
      taints,
      tags: { ...args.tags, Name: `${name}-${key}` },
    },
    // Whoever scales the group owns its size.
    { parent, ignoreChanges: ["scalingConfig.desiredSize"] },
  );
}
