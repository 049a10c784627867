/** EC2: endpoints of services in a VPC. */
import type { EC2, VpcEndpoint } from "@aws-sdk/client-ec2";
import type { VpcEndpointArgs } from "@pulumi/aws/ec2/vpcEndpoint.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { filter } from "./ec2-network.ts";
import { arnOf, retag, tagged } from "./ec2-tags.ts";
import { fromTags, ifThere, need, type Plain } from "./helpers.ts";

type Args = Plain<VpcEndpointArgs>;

export const endpointTypes = (cloud: Cloud): Types => ({
  "aws:ec2/vpcEndpoint:VpcEndpoint": define<Args>({
    documents: ["policy"],
    defaults: { vpcEndpointType: "Gateway" },
    replaceOn: ["vpcId", "serviceName", "vpcEndpointType", "privateDnsEnabled"],
    async create(inputs) {
      const ec2 = await cloud.ec2();
      const made = await ec2.createVpcEndpoint({
        VpcId: inputs.vpcId,
        ServiceName: inputs.serviceName,
        VpcEndpointType: inputs.vpcEndpointType as "Interface",
        PolicyDocument: inputs.policy,
        PrivateDnsEnabled: inputs.privateDnsEnabled ?? false,
        RouteTableIds: inputs.routeTableIds,
        SubnetIds: inputs.subnetIds,
        SecurityGroupIds: inputs.securityGroupIds,
        TagSpecifications: tagged("vpc-endpoint", inputs.tags),
      });
      return need(made.VpcEndpoint?.VpcEndpointId, "the endpoint's id");
    },
    async read(id, _call, last) {
      const found = (await ifThere((await cloud.ec2()).describeVpcEndpoints({ VpcEndpointIds: [id] })))?.VpcEndpoints;
      const seen = found?.find(
        ({ VpcEndpointId, State }) => VpcEndpointId === id && State?.toLowerCase() !== "deleted",
      );
      if (!seen) return undefined;
      const some = (ids: string[] | undefined) => (ids && ids.length > 0 ? ids : undefined);
      const inputs = {
        vpcId: seen.VpcId,
        serviceName: seen.ServiceName,
        vpcEndpointType: seen.VpcEndpointType,
        // Without one of the program's the service answers its own default, which allows all.
        policy: last.policy === undefined ? undefined : seen.PolicyDocument,
        privateDnsEnabled: last.privateDnsEnabled === undefined ? undefined : seen.PrivateDnsEnabled,
        routeTableIds: some(seen.RouteTableIds),
        subnetIds: some(seen.SubnetIds),
        securityGroupIds: some(seen.Groups?.map(({ GroupId = "" }) => GroupId)),
        ...fromTags(seen.Tags),
      };
      const dnsEntries = seen.DnsEntries?.map((entry) => ({
        dnsName: entry.DnsName,
        hostedZoneId: entry.HostedZoneId,
      }));
      const outputs = { arn: arnOf(cloud, "vpc-endpoint", id), state: seen.State, dnsEntries };
      return { inputs: properties(inputs), outputs: properties(outputs) };
    },
    update: async (id, inputs, _call, olds) => change(await cloud.ec2(), id, olds, inputs),
    async delete(id) {
      await ifThere((await cloud.ec2()).deleteVpcEndpoints({ VpcEndpointIds: [id] }));
    },
    async find({ vpcId, serviceName }) {
      const { VpcEndpoints = [] } = await (await cloud.ec2()).describeVpcEndpoints({
        Filters: [filter("vpc-id", vpcId)],
      });
      return VpcEndpoints.find((each) => each.ServiceName === serviceName && standing(each))?.VpcEndpointId;
    },
  }),
});

/** Deleted ones are answered for a while. */
function standing({ State }: VpcEndpoint): boolean {
  return State?.toLowerCase() !== "deleted";
}

async function change(ec2: EC2, id: string, olds: Args, news: Args): Promise<void> {
  const more = (before: string[] = [], after: string[] = []) => after.filter((each) => !before.includes(each));
  await ec2.modifyVpcEndpoint({
    VpcEndpointId: id,
    PolicyDocument: news.policy,
    AddRouteTableIds: more(olds.routeTableIds, news.routeTableIds),
    RemoveRouteTableIds: more(news.routeTableIds, olds.routeTableIds),
    AddSubnetIds: more(olds.subnetIds, news.subnetIds),
    RemoveSubnetIds: more(news.subnetIds, olds.subnetIds),
    AddSecurityGroupIds: more(olds.securityGroupIds, news.securityGroupIds),
    RemoveSecurityGroupIds: more(news.securityGroupIds, olds.securityGroupIds),
  });
  await retag(ec2, id, olds.tags, news.tags);
}
