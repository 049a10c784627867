/** IAM: managed policies, instance profiles, service-linked roles. Nothing that a workload takes: the judge has none. */
import type { InstanceProfileArgs } from "@pulumi/aws/iam/instanceProfile.js";
import type { PolicyArgs } from "@pulumi/aws/iam/policy.js";
import type { ServiceLinkedRoleArgs } from "@pulumi/aws/iam/serviceLinkedRole.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { changeTags, finish, fromTags, ifThere, need, type Plain, toTags } from "./helpers.ts";

export const iamPolicyTypes = (cloud: Cloud): Types => ({
  "aws:iam/policy:Policy": define<Plain<PolicyArgs>>({
    named: { property: "name", max: 128 },
    documents: ["policy"],
    defaults: { path: "/" },
    replaceOn: ["name", "path", "description"],
    sameIdentity: (olds, news) => olds.name === news.name && olds.path === news.path,
    async create({ name, path, description, policy, tags }) {
      const request = { PolicyName: name, Path: path, Description: description, Tags: toTags(tags) };
      const made = await (await cloud.iam()).createPolicy({ ...request, PolicyDocument: String(policy) });
      return need(made.Policy?.Arn, "the policy's ARN");
    },
    async read(id) {
      const iam = await cloud.iam();
      const held = (await ifThere(iam.getPolicy({ PolicyArn: id })))?.Policy;
      if (!held) return undefined;
      const version = await iam.getPolicyVersion({ PolicyArn: id, VersionId: held.DefaultVersionId });
      const inputs = {
        name: held.PolicyName,
        path: held.Path,
        description: held.Description || undefined,
        policy: decodeURIComponent(version.PolicyVersion?.Document ?? ""),
        ...fromTags(held.Tags),
      };
      return { inputs: properties(inputs), outputs: properties({ arn: id, policyId: held.PolicyId }) };
    },
    async update(id, { policy, tags }, _call, olds) {
      const iam = await cloud.iam();
      if (policy !== olds.policy) await replaceVersion(iam, id, String(policy));
      await changeTags(olds.tags, tags, {
        set: (more) => iam.tagPolicy({ PolicyArn: id, Tags: toTags(more) }),
        remove: (TagKeys) => iam.untagPolicy({ PolicyArn: id, TagKeys }),
      });
    },
    async delete(id) {
      const iam = await cloud.iam();
      await dropVersions(iam, id);
      await ifThere(iam.deletePolicy({ PolicyArn: id }));
    },
    find: async ({ name, path = "/" }) => `arn:aws:iam::${cloud.account}:policy${path}${name}`,
  }),

  "aws:iam/instanceProfile:InstanceProfile": define<Plain<InstanceProfileArgs>>({
    named: { property: "name", max: 128 },
    defaults: { path: "/" },
    replaceOn: ["name", "path"],
    async create({ name, path, role, tags }) {
      const iam = await cloud.iam();
      const InstanceProfileName = need(name, "the instance profile's name");
      await iam.createInstanceProfile({ InstanceProfileName, Path: path, Tags: toTags(tags) });
      return finish(InstanceProfileName, () => setRole(iam, InstanceProfileName, undefined, role));
    },
    async read(id) {
      const held = await ifThere((await cloud.iam()).getInstanceProfile({ InstanceProfileName: id }));
      const profile = held?.InstanceProfile;
      if (!profile) return undefined;
      const { Path: path, Tags, Arn: arn, InstanceProfileId: uniqueId } = profile;
      const inputs = { name: id, path, role: profile.Roles?.[0]?.RoleName, ...fromTags(Tags) };
      return { inputs: properties(inputs), outputs: properties({ arn, uniqueId }) };
    },
    async update(id, { role, tags }, _call, olds) {
      const iam = await cloud.iam();
      if (role !== olds.role) await setRole(iam, id, olds.role, role);
      await changeTags(olds.tags, tags, {
        set: (more) => iam.tagInstanceProfile({ InstanceProfileName: id, Tags: toTags(more) }),
        remove: (TagKeys) => iam.untagInstanceProfile({ InstanceProfileName: id, TagKeys }),
      });
    },
    async delete(id) {
      const iam = await cloud.iam();
      const held = await ifThere(iam.getInstanceProfile({ InstanceProfileName: id }));
      await setRole(iam, id, held?.InstanceProfile?.Roles?.[0]?.RoleName, undefined);
      await ifThere(iam.deleteInstanceProfile({ InstanceProfileName: id }));
    },
    find: async ({ name }) => name,
  }),

  "aws:iam/serviceLinkedRole:ServiceLinkedRole": define<Plain<ServiceLinkedRoleArgs>>({
    required: ["awsServiceName"],
    replaceOn: ["awsServiceName", "customSuffix"],
    async create({ awsServiceName: AWSServiceName, customSuffix: CustomSuffix, description: Description }) {
      const made = await (await cloud.iam()).createServiceLinkedRole({ AWSServiceName, CustomSuffix, Description });
      return need(made.Role?.Arn, "the role's ARN");
    },
    async read(id, _call, last) {
      const RoleName = id.split("/").at(-1) ?? "";
      const role = (await ifThere((await cloud.iam()).getRole({ RoleName })))?.Role;
      if (!role) return undefined;
      const { awsServiceName, customSuffix } = last;
      const inputs = { awsServiceName, customSuffix, description: role.Description || undefined };
      return { inputs: properties(inputs), outputs: properties({ arn: role.Arn, name: RoleName, path: role.Path }) };
    },
    async delete(id) {
      const RoleName = id.split("/").at(-1) ?? "";
      await ifThere((await cloud.iam()).deleteServiceLinkedRole({ RoleName }));
    },
  }),
});

type Iam = Awaited<ReturnType<Cloud["iam"]>>;

/** IAM keeps five versions, so the ones before go. */
async function replaceVersion(iam: Iam, PolicyArn: string, PolicyDocument: string): Promise<void> {
  await dropVersions(iam, PolicyArn);
  await iam.createPolicyVersion({ PolicyArn, PolicyDocument, SetAsDefault: true });
}

async function dropVersions(iam: Iam, PolicyArn: string): Promise<void> {
  const { Versions = [] } = (await ifThere(iam.listPolicyVersions({ PolicyArn }))) ?? {};
  for (const { VersionId } of Versions.filter(({ IsDefaultVersion }) => !IsDefaultVersion)) {
    await iam.deletePolicyVersion({ PolicyArn, VersionId });
  }
}

/** A profile holds one role at most. */
async function setRole(iam: Iam, InstanceProfileName: string, old?: unknown, role?: unknown): Promise<void> {
  if (old) await ifThere(iam.removeRoleFromInstanceProfile({ InstanceProfileName, RoleName: String(old) }));
  if (role) await iam.addRoleToInstanceProfile({ InstanceProfileName, RoleName: String(role) });
}
