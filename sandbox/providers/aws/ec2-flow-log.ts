/** EC2: flow logs, and the security group that each VPC comes with. */
import type { DefaultSecurityGroupArgs } from "@pulumi/aws/ec2/defaultSecurityGroup.js";
import type { FlowLogArgs } from "@pulumi/aws/ec2/flowLog.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { filter } from "./ec2-network.ts";
import { arnOf, retag, tagged } from "./ec2-tags.ts";
import { finish, fromTags, ifThere, need, type Plain } from "./helpers.ts";

export const flowLogTypes = (cloud: Cloud): Types => ({
  "aws:ec2/flowLog:FlowLog": define<Plain<FlowLogArgs>>({
    defaults: { logDestinationType: "cloud-watch-logs", maxAggregationInterval: 600 },
    replaceOn: ["vpcId", "trafficType", "logDestination", "logDestinationType", "iamRoleArn", "maxAggregationInterval"],
    async create(inputs) {
      const ec2 = await cloud.ec2();
      const made = await ec2.createFlowLogs({
        ResourceType: "VPC",
        ResourceIds: [inputs.vpcId ?? ""],
        TrafficType: inputs.trafficType as "ALL",
        LogDestinationType: inputs.logDestinationType as "cloud-watch-logs",
        LogGroupName: groupName(inputs.logDestination),
        DeliverLogsPermissionArn: inputs.iamRoleArn,
        MaxAggregationInterval: inputs.maxAggregationInterval,
        TagSpecifications: tagged("vpc-flow-log", inputs.tags),
      });
      const refused = made.Unsuccessful?.[0]?.Error;
      if (refused) throw new Error(`${refused.Code}: ${refused.Message}`);
      return need(made.FlowLogIds?.[0], "the flow log's id");
    },
    async read(id, _call, last) {
      const log = (await ifThere((await cloud.ec2()).describeFlowLogs({ FlowLogIds: [id] })))?.FlowLogs?.[0];
      if (!log) return undefined;
      const inputs = {
        vpcId: log.ResourceId,
        trafficType: log.TrafficType,
        logDestinationType: log.LogDestinationType,
        // The service answers the group's name where the real provider keeps its ARN.
        logDestination: log.LogGroupName === groupName(last.logDestination) ? last.logDestination : log.LogGroupName,
        iamRoleArn: log.DeliverLogsPermissionArn,
        maxAggregationInterval: log.MaxAggregationInterval,
        ...fromTags(log.Tags),
      };
      return { inputs: properties(inputs), outputs: { arn: arnOf(cloud, "vpc-flow-log", id) } };
    },
    async update(id, inputs, _call, olds) {
      await retag(await cloud.ec2(), id, olds.tags, inputs.tags);
    },
    async delete(id) {
      await ifThere((await cloud.ec2()).deleteFlowLogs({ FlowLogIds: [id] }));
    },
    async find({ vpcId, logDestination }) {
      const found = await (await cloud.ec2()).describeFlowLogs({ Filter: [filter("resource-id", vpcId)] });
      return found.FlowLogs?.find((log) => log.LogGroupName === groupName(logDestination))?.FlowLogId;
    },
  }),

  // It comes and goes with its VPC: creating it takes it over, deleting it leaves it as it is.
  "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": define<Plain<DefaultSecurityGroupArgs>>({
    replaceOn: ["vpcId"],
    async create(inputs) {
      const ec2 = await cloud.ec2();
      const Filters = [filter("vpc-id", inputs.vpcId), filter("group-name", "default")];
      const found = (await ec2.describeSecurityGroups({ Filters })).SecurityGroups?.[0];
      const id = need(found?.GroupId, "the VPC's default security group");
      return finish(id, async () => {
        const { IpPermissions = [], IpPermissionsEgress = [] } = found ?? {};
        const [own, out] = [
          { GroupId: id, IpPermissions },
          { GroupId: id, IpPermissions: IpPermissionsEgress },
        ];
        if (IpPermissions.length > 0) await ifThere(ec2.revokeSecurityGroupIngress(own));
        if (IpPermissionsEgress.length > 0) await ifThere(ec2.revokeSecurityGroupEgress(out));
        await retag(ec2, id, {}, inputs.tags);
      });
    },
    async read(id) {
      const found = await ifThere((await cloud.ec2()).describeSecurityGroups({ GroupIds: [id] }));
      const group = found?.SecurityGroups?.[0];
      if (!group) return undefined;
      const peers = (rules: typeof group.IpPermissions = []) => rules.map((rule) => ({ protocol: rule.IpProtocol }));
      const inputs = {
        vpcId: group.VpcId,
        ingress: peers(group.IpPermissions),
        egress: peers(group.IpPermissionsEgress),
        ...fromTags(group.Tags),
      };
      const outputs = { arn: arnOf(cloud, "security-group", id), name: "default", ownerId: cloud.account };
      return { inputs: properties(inputs), outputs };
    },
    async update(id, inputs, _call, olds) {
      await retag(await cloud.ec2(), id, olds.tags, inputs.tags);
    },
    async delete() {},
  }),
});

/** `arn:aws:logs:<region>:<account>:log-group:<name>` */
function groupName(arn: unknown): string | undefined {
  return typeof arn === "string" ? arn.split(":log-group:").at(-1)?.replace(/:\*$/, "") : undefined;
}
