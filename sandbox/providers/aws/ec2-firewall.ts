/** EC2: security groups, their rules, prefix lists. */
import type { ManagedPrefixListArgs } from "@pulumi/aws/ec2/managedPrefixList.js";
import type { SecurityGroupArgs } from "@pulumi/aws/ec2/securityGroup.js";
import type { SecurityGroupEgressRuleArgs } from "@pulumi/aws/vpc/securityGroupEgressRule.js";
import type { SecurityGroupIngressRuleArgs } from "@pulumi/aws/vpc/securityGroupIngressRule.js";
import { define, properties, type ResourceType, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { filter } from "./ec2-network.ts";
import { arnOf, retag, tagged } from "./ec2-tags.ts";
import { finish, fromTags, ifThere, need, type Plain } from "./helpers.ts";

export const firewallTypes = (cloud: Cloud): Types => ({
  "aws:ec2/securityGroup:SecurityGroup": define<Plain<SecurityGroupArgs>>({
    named: { property: "name" },
    defaults: { description: "Managed by Pulumi" },
    replaceOn: ["name", "description", "vpcId"],
    async create(inputs) {
      const ec2 = await cloud.ec2();
      const { GroupId } = await ec2.createSecurityGroup({
        GroupName: inputs.name,
        Description: inputs.description,
        VpcId: inputs.vpcId,
        TagSpecifications: tagged("security-group", inputs.tags),
      });
      const id = need(GroupId, "the security group's id");
      // As the real provider: a group lets out only what the program says.
      const IpPermissions = [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }];
      return finish(id, () => ifThere(ec2.revokeSecurityGroupEgress({ GroupId: id, IpPermissions })));
    },
    async read(id) {
      const found = await ifThere((await cloud.ec2()).describeSecurityGroups({ GroupIds: [id] }));
      const group = found?.SecurityGroups?.[0];
      if (!group) return undefined;
      const inputs = { name: group.GroupName, description: group.Description, vpcId: group.VpcId };
      return {
        inputs: properties({ ...inputs, ...fromTags(group.Tags) }),
        outputs: { arn: arnOf(cloud, "security-group", id), ownerId: cloud.account },
      };
    },
    async update(id, inputs, _call, olds) {
      await retag(await cloud.ec2(), id, olds.tags, inputs.tags);
    },
    async delete(id) {
      await ifThere((await cloud.ec2()).deleteSecurityGroup({ GroupId: id }));
    },
    async find({ name, vpcId }) {
      const Filters = [filter("group-name", name), filter("vpc-id", vpcId)];
      return (await (await cloud.ec2()).describeSecurityGroups({ Filters })).SecurityGroups?.[0]?.GroupId;
    },
  }),

  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": rule(cloud, "ingress"),
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": rule(cloud, "egress"),

  "aws:ec2/managedPrefixList:ManagedPrefixList": define<Plain<ManagedPrefixListArgs>>({
    named: { property: "name" },
    replaceOn: ["addressFamily"],
    async create(inputs) {
      const { PrefixList } = await (await cloud.ec2()).createManagedPrefixList({
        PrefixListName: inputs.name,
        AddressFamily: inputs.addressFamily,
        MaxEntries: inputs.maxEntries,
        Entries: (inputs.entries ?? []).map(({ cidr, description }) => ({ Cidr: cidr, Description: description })),
        TagSpecifications: tagged("prefix-list", inputs.tags),
      });
      return need(PrefixList?.PrefixListId, "the prefix list's id");
    },
    async read(id) {
      const ec2 = await cloud.ec2();
      const found = await ifThere(ec2.describeManagedPrefixLists({ PrefixListIds: [id] }));
      const list = found?.PrefixLists?.[0];
      if (!list || list.State === "delete-complete") return undefined;
      const { Entries = [] } = await ec2.getManagedPrefixListEntries({ PrefixListId: id });
      const entries = Entries.map(({ Cidr, Description }) => ({ cidr: Cidr, description: Description }));
      const inputs = { name: list.PrefixListName, addressFamily: list.AddressFamily, maxEntries: list.MaxEntries };
      return {
        inputs: properties({ ...inputs, entries, ...fromTags(list.Tags) }),
        outputs: properties({ arn: list.PrefixListArn, version: list.Version, ownerId: list.OwnerId }),
      };
    },
    async update(id, inputs, _call, olds) {
      const ec2 = await cloud.ec2();
      const [before, after] = [olds.entries ?? [], inputs.entries ?? []];
      const has = (list: typeof after, cidr: string) => list.some((entry) => entry.cidr === cidr);
      const current = (await ec2.describeManagedPrefixLists({ PrefixListIds: [id] })).PrefixLists?.[0]?.Version;
      await ec2.modifyManagedPrefixList({
        PrefixListId: id,
        CurrentVersion: current,
        PrefixListName: inputs.name,
        AddEntries: after.map(({ cidr, description }) => ({ Cidr: cidr, Description: description })),
        RemoveEntries: before.filter(({ cidr }) => !has(after, cidr)).map(({ cidr }) => ({ Cidr: cidr })),
      });
      await retag(ec2, id, olds.tags, inputs.tags);
    },
    async delete(id) {
      await ifThere((await cloud.ec2()).deleteManagedPrefixList({ PrefixListId: id }));
    },
    async find({ name }) {
      const { PrefixLists = [] } = await (await cloud.ec2()).describeManagedPrefixLists({});
      return PrefixLists.find((list) => list.PrefixListName === name)?.PrefixListId;
    },
  }),
});

type RuleArgs = Plain<SecurityGroupIngressRuleArgs> & Plain<SecurityGroupEgressRuleArgs>;

/** A rule has an id of its own; what it allows cannot be changed under it. */
function rule(cloud: Cloud, direction: "ingress" | "egress"): ResourceType {
  const egress = direction === "egress";
  const rulesOf = async (field: string, value: string) => {
    const Filters = [filter(field, value)];
    const found = await ifThere((await cloud.ec2()).describeSecurityGroupRules({ Filters }));
    return (found?.SecurityGroupRules ?? []).filter((each) => each.IsEgress === egress);
  };
  return define<RuleArgs>({
    // The service refuses a second rule that allows the same.
    sameIdentity: () => true,
    async create(inputs) {
      const ec2 = await cloud.ec2();
      const request = {
        GroupId: inputs.securityGroupId,
        IpPermissions: [permission(inputs)],
        TagSpecifications: tagged("security-group-rule", inputs.tags),
      };
      const made = egress
        ? await ec2.authorizeSecurityGroupEgress(request)
        : await ec2.authorizeSecurityGroupIngress(request);
      return need(made.SecurityGroupRules?.[0]?.SecurityGroupRuleId, "the rule's id");
    },
    async read(id) {
      const [found] = await rulesOf("security-group-rule-id", id);
      if (!found) return undefined;
      const inputs = {
        securityGroupId: found.GroupId,
        ipProtocol: found.IpProtocol,
        ...(found.IpProtocol === "-1" ? {} : { fromPort: found.FromPort, toPort: found.ToPort }),
        cidrIpv4: found.CidrIpv4,
        referencedSecurityGroupId: found.ReferencedGroupInfo?.GroupId,
        prefixListId: found.PrefixListId,
        description: found.Description,
        ...fromTags(found.Tags),
      };
      const outputs = { securityGroupRuleId: id, arn: arnOf(cloud, "security-group-rule", id) };
      return { inputs: properties(inputs), outputs };
    },
    async delete(id, _call, { securityGroupId }) {
      const ec2 = await cloud.ec2();
      const request = { GroupId: String(securityGroupId), SecurityGroupRuleIds: [id] };
      await ifThere(egress ? ec2.revokeSecurityGroupEgress(request) : ec2.revokeSecurityGroupIngress(request));
    },
    async find(inputs) {
      const same = (await rulesOf("group-id", inputs.securityGroupId)).find(
        (each) =>
          each.IpProtocol === inputs.ipProtocol &&
          (each.IpProtocol === "-1" || (each.FromPort === inputs.fromPort && each.ToPort === inputs.toPort)) &&
          each.CidrIpv4 === inputs.cidrIpv4 &&
          each.PrefixListId === inputs.prefixListId &&
          each.ReferencedGroupInfo?.GroupId === inputs.referencedSecurityGroupId,
      );
      return same?.SecurityGroupRuleId;
    },
  });
}

function permission(inputs: RuleArgs) {
  const { description: Description } = inputs;
  return {
    IpProtocol: inputs.ipProtocol,
    FromPort: inputs.fromPort,
    ToPort: inputs.toPort,
    ...(inputs.cidrIpv4 ? { IpRanges: [{ CidrIp: inputs.cidrIpv4, Description }] } : {}),
    ...(inputs.prefixListId ? { PrefixListIds: [{ PrefixListId: inputs.prefixListId, Description }] } : {}),
    ...(inputs.referencedSecurityGroupId
      ? { UserIdGroupPairs: [{ GroupId: inputs.referencedSecurityGroupId, Description }] }
      : {}),
  };
}
