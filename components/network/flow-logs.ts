import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { NarrowRole } from "../identity/narrow-role.ts";
import type { Tags } from "../ownership/tags.ts";

export interface FlowLogsArgs {
  /** Whose network it is; the writing role's name begins with it. */
  cluster: string;
  vpcId: pulumi.Input<string>;
  region: string;
  account: pulumi.Input<string>;
  /** KMS key that the group rests under; its policy must let CloudWatch Logs use it. */
  keyArn: pulumi.Input<string>;
  /** Days. @default 365 */
  retentionDays?: number;
  /** On: the kept logs cannot be destroyed. */
  dataProtection: boolean;
  tags: Tags;
}

/** The group's name, for the policy of the key, which is there before the network. */
export const flowLogGroup = (cluster: string) => `/biplane/${cluster}-flow-logs`;

/** The shortest that AWS offers, so that a probe is seen within the minute. Seconds. */
const aggregationSeconds = 60;

/**
 * A log of every flow, accepted and rejected, in an encrypted group of its own, written by a role that can do nothing
 * else. Claims: n-flowlogs-cloudflare-outbound, n-bulk-flows-bypass-cloudflare, n-sov-no-third-party-inbound.
 */
export class FlowLogs extends pulumi.ComponentResource {
  readonly logGroupName: string;

  constructor(name: string, args: FlowLogsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:network:FlowLogs", name, {}, opts);
    const { cluster, region, account, vpcId, tags } = args;
    this.logGroupName = flowLogGroup(cluster);

    const group = createGroup(name, this.logGroupName, args, this);
    const writer = new NarrowRole(
      name,
      { kind: "flow-logs", cluster, region, account, logGroup: this.logGroupName, tags },
      { parent: this },
    );
    new aws.ec2.FlowLog(
      name,
      {
        vpcId,
        trafficType: "ALL",
        logDestinationType: "cloud-watch-logs",
        logDestination: group.arn,
        iamRoleArn: writer.arn,
        maxAggregationInterval: aggregationSeconds,
        tags: { ...tags, Name: name },
      },
      { parent: this },
    );
    this.registerOutputs({ logGroupName: this.logGroupName });
  }
}

function createGroup(name: string, groupName: string, args: FlowLogsArgs, parent: pulumi.Resource) {
  const { keyArn, retentionDays = 365, dataProtection, tags } = args;
  return new aws.cloudwatch.LogGroup(
    name,
    { name: groupName, kmsKeyId: keyArn, retentionInDays: retentionDays, tags },
    { parent, protect: dataProtection },
  );
}
