/** EC2: a service that an account offers by PrivateLink, and the endpoints that it accepts. */
import type { VpcEndpointConnectionAccepterArgs } from "@pulumi/aws/ec2/vpcEndpointConnectionAccepter.js";
import type { VpcEndpointServiceArgs } from "@pulumi/aws/ec2/vpcEndpointService.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { filter } from "./ec2-network.ts";
import { arnOf, byTags, retag, tagged } from "./ec2-tags.ts";
import { finish, fromTags, ifThere, need, type Plain } from "./helpers.ts";

export const endpointServiceTypes = (cloud: Cloud): Types => ({
  "aws:ec2/vpcEndpointService:VpcEndpointService": define<Plain<VpcEndpointServiceArgs>>({
    async create(inputs) {
      const made = await (await cloud.ec2()).createVpcEndpointServiceConfiguration({
        AcceptanceRequired: inputs.acceptanceRequired,
        NetworkLoadBalancerArns: inputs.networkLoadBalancerArns,
        TagSpecifications: tagged("vpc-endpoint-service", inputs.tags),
      });
      const id = need(made.ServiceConfiguration?.ServiceId, "the endpoint service's id");
      return finish(id, () => setPrincipals(cloud, id, [], inputs.allowedPrincipals ?? []));
    },
    async read(id) {
      const ec2 = await cloud.ec2();
      const found = await ifThere(ec2.describeVpcEndpointServiceConfigurations({ ServiceIds: [id] }));
      const seen = found?.ServiceConfigurations?.[0];
      if (!seen) return undefined;
      const { AllowedPrincipals = [] } = await ec2.describeVpcEndpointServicePermissions({ ServiceId: id });
      const inputs = {
        acceptanceRequired: seen.AcceptanceRequired,
        networkLoadBalancerArns: seen.NetworkLoadBalancerArns,
        allowedPrincipals: AllowedPrincipals.map(({ Principal = "" }) => Principal).sort(),
        ...fromTags(seen.Tags),
      };
      const outputs = { serviceName: seen.ServiceName, arn: arnOf(cloud, "vpc-endpoint-service", id) };
      return { inputs: properties(inputs), outputs: properties({ ...outputs, state: seen.ServiceState }) };
    },
    async update(id, inputs, _call, olds) {
      const ec2 = await cloud.ec2();
      const more = (before: string[] = [], after: string[] = []) => after.filter((each) => !before.includes(each));
      await ec2.modifyVpcEndpointServiceConfiguration({
        ServiceId: id,
        AcceptanceRequired: inputs.acceptanceRequired,
        AddNetworkLoadBalancerArns: more(olds.networkLoadBalancerArns, inputs.networkLoadBalancerArns),
        RemoveNetworkLoadBalancerArns: more(inputs.networkLoadBalancerArns, olds.networkLoadBalancerArns),
      });
      await setPrincipals(cloud, id, olds.allowedPrincipals ?? [], inputs.allowedPrincipals ?? []);
      await retag(ec2, id, olds.tags, inputs.tags);
    },
    async delete(id) {
      await ifThere((await cloud.ec2()).deleteVpcEndpointServiceConfigurations({ ServiceIds: [id] }));
    },
    find: async (inputs) => byTags(await cloud.ec2(), "vpc-endpoint-service", inputs.tags),
  }),

  "aws:ec2/vpcEndpointConnectionAccepter:VpcEndpointConnectionAccepter": define<
    Plain<VpcEndpointConnectionAccepterArgs>
  >({
    async create({ vpcEndpointServiceId: ServiceId, vpcEndpointId }) {
      const ec2 = await cloud.ec2();
      const made = await ec2.acceptVpcEndpointConnections({ ServiceId, VpcEndpointIds: [vpcEndpointId] });
      const refused = made.Unsuccessful?.[0]?.Error;
      if (refused) throw new Error(`${refused.Code}: ${refused.Message}`);
      return `${ServiceId}_${vpcEndpointId}`;
    },
    async read(id) {
      const [ServiceId = "", endpoint = ""] = id.split("_");
      const Filters = [filter("service-id", ServiceId)];
      const { VpcEndpointConnections = [] } = await (await cloud.ec2()).describeVpcEndpointConnections({ Filters });
      const seen = VpcEndpointConnections.find(({ VpcEndpointId }) => VpcEndpointId === endpoint);
      if (seen?.VpcEndpointState?.toLowerCase() !== "available") return undefined;
      const inputs = { vpcEndpointServiceId: ServiceId, vpcEndpointId: endpoint };
      return { inputs, outputs: { vpcEndpointState: seen.VpcEndpointState } };
    },
    async delete(_id, _call, { vpcEndpointServiceId, vpcEndpointId }) {
      const request = { ServiceId: String(vpcEndpointServiceId), VpcEndpointIds: [String(vpcEndpointId)] };
      await ifThere((await cloud.ec2()).rejectVpcEndpointConnections(request));
    },
  }),
});

async function setPrincipals(cloud: Cloud, ServiceId: string, olds: string[], news: string[]): Promise<void> {
  const AddAllowedPrincipals = news.filter((each) => !olds.includes(each));
  const RemoveAllowedPrincipals = olds.filter((each) => !news.includes(each));
  if (AddAllowedPrincipals.length + RemoveAllowedPrincipals.length === 0) return;
  const ec2 = await cloud.ec2();
  await ec2.modifyVpcEndpointServicePermissions({ ServiceId, AddAllowedPrincipals, RemoveAllowedPrincipals });
}
