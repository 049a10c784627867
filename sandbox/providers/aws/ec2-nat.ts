/** EC2: NAT gateways and their addresses. */
import type { EipArgs } from "@pulumi/aws/ec2/eip.js";
import type { NatGatewayArgs } from "@pulumi/aws/ec2/natGateway.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { arnOf, byTags, retag, tagged } from "./ec2-tags.ts";
import { fromTags, ifThere, need, type Plain } from "./helpers.ts";

export const natTypes = (cloud: Cloud): Types => ({
  "aws:ec2/eip:Eip": define<Plain<EipArgs>>({
    defaults: { domain: "vpc" },
    replaceOn: ["domain"],
    async create({ tags }) {
      const ec2 = await cloud.ec2();
      const made = await ec2.allocateAddress({ Domain: "vpc", TagSpecifications: tagged("elastic-ip", tags) });
      return need(made.AllocationId, "the address's allocation");
    },
    async read(id) {
      const found = await ifThere((await cloud.ec2()).describeAddresses({ AllocationIds: [id] }));
      const address = found?.Addresses?.[0];
      if (!address) return undefined;
      const outputs = { allocationId: id, publicIp: address.PublicIp, arn: arnOf(cloud, "elastic-ip", id) };
      return {
        inputs: properties({ domain: address.Domain, ...fromTags(address.Tags) }),
        outputs: properties(outputs),
      };
    },
    async update(id, inputs, _call, olds) {
      await retag(await cloud.ec2(), id, olds.tags, inputs.tags);
    },
    async delete(id) {
      await ifThere((await cloud.ec2()).releaseAddress({ AllocationId: id }));
    },
    find: async (inputs) => byTags(await cloud.ec2(), "elastic-ip", inputs.tags),
  }),

  "aws:ec2/natGateway:NatGateway": define<Plain<NatGatewayArgs>>({
    defaults: { connectivityType: "public" },
    replaceOn: ["subnetId", "allocationId", "connectivityType"],
    // An address serves one gateway at a time.
    sameIdentity: (olds, news) => olds.allocationId === news.allocationId,
    async create({ subnetId, allocationId, tags }) {
      const ec2 = await cloud.ec2();
      const made = await ec2.createNatGateway({
        SubnetId: subnetId,
        AllocationId: allocationId,
        TagSpecifications: tagged("natgateway", tags),
      });
      return need(made.NatGateway?.NatGatewayId, "the NAT gateway's id");
    },
    async read(id) {
      const found = await ifThere((await cloud.ec2()).describeNatGateways({ NatGatewayIds: [id] }));
      const gateway = found?.NatGateways?.[0];
      if (!gateway || gateway.State === "deleted") return undefined;
      const [address] = gateway.NatGatewayAddresses ?? [];
      const inputs = {
        subnetId: gateway.SubnetId,
        allocationId: address?.AllocationId,
        connectivityType: gateway.ConnectivityType,
        ...fromTags(gateway.Tags),
      };
      return { inputs: properties(inputs), outputs: properties({ publicIp: address?.PublicIp }) };
    },
    async update(id, inputs, _call, olds) {
      await retag(await cloud.ec2(), id, olds.tags, inputs.tags);
    },
    async delete(id) {
      await ifThere((await cloud.ec2()).deleteNatGateway({ NatGatewayId: id }));
    },
    find: async (inputs) => byTags(await cloud.ec2(), "natgateway", inputs.tags),
  }),
});
