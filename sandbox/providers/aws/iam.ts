/** IAM: roles, their policies, OIDC providers; the account's own at the emulator, workloads' at the judge too. */
import type { OpenIdConnectProviderArgs } from "@pulumi/aws/iam/openIdConnectProvider.js";
import type { RoleArgs } from "@pulumi/aws/iam/role.js";
import type { RolePolicyArgs } from "@pulumi/aws/iam/rolePolicy.js";
import type { RolePolicyAttachmentArgs } from "@pulumi/aws/iam/rolePolicyAttachment.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { changeTags, finish, fromTags, ifThere, need, type Plain, toTags } from "./helpers.ts";
import { iamPolicyTypes } from "./iam-policies.ts";
import { alsoAtJudge, judgeAgrees, mirrorPolicy, mirrorRole, unmirrorRole } from "./judge.ts";

export const iamTypes = (cloud: Cloud): Types => ({
  ...iamPolicyTypes(cloud),

  "aws:iam/role:Role": define<Plain<RoleArgs>>({
    named: { property: "name", max: 64 },
    documents: ["assumeRolePolicy"],
    defaults: { maxSessionDuration: 3600, path: "/" },
    replaceOn: ["name", "path"],
    async create(inputs) {
      const RoleName = need(inputs.name, "the role's name");
      await (await cloud.iam()).createRole({
        RoleName,
        Path: inputs.path,
        Description: inputs.description,
        AssumeRolePolicyDocument: String(inputs.assumeRolePolicy),
        MaxSessionDuration: inputs.maxSessionDuration,
        PermissionsBoundary: inputs.permissionsBoundary,
        Tags: toTags(inputs.tags),
      });
      return finish(RoleName, () => mirrorRole(cloud, RoleName, String(inputs.assumeRolePolicy)));
    },
    async read(id, _call, last) {
      const role = (await ifThere((await cloud.iam()).getRole({ RoleName: id })))?.Role;
      if (!role) return undefined;
      const trust = decodeURIComponent(role.AssumeRolePolicyDocument ?? "");
      const inputs = {
        name: role.RoleName,
        path: role.Path,
        description: role.Description || undefined,
        assumeRolePolicy: (await judgeAgrees(cloud, id, trust)) ? trust : "{}",
        maxSessionDuration: role.MaxSessionDuration,
        // Said, not left out: what a read does not speak of counts as unchanged.
        permissionsBoundary:
          role.PermissionsBoundary?.PermissionsBoundaryArn ?? (last.permissionsBoundary ? "" : undefined),
        ...fromTags(role.Tags),
      };
      return { inputs: properties(inputs), outputs: properties({ arn: role.Arn, uniqueId: role.RoleId }) };
    },
    async update(id, inputs, _call, olds) {
      const iam = await cloud.iam();
      const trust = String(inputs.assumeRolePolicy);
      await iam.updateAssumeRolePolicy({ RoleName: id, PolicyDocument: trust });
      await mirrorRole(cloud, id, trust);
      const { description: Description = "", maxSessionDuration: MaxSessionDuration } = inputs;
      await iam.updateRole({ RoleName: id, Description, MaxSessionDuration });
      await setBoundary(iam, id, inputs.permissionsBoundary);
      await changeTags(olds.tags, inputs.tags, {
        set: (tags) => iam.tagRole({ RoleName: id, Tags: toTags(tags) }),
        remove: (TagKeys) => iam.untagRole({ RoleName: id, TagKeys }),
      });
    },
    async delete(id) {
      await unmirrorRole(cloud, id);
      await ifThere((await cloud.iam()).deleteRole({ RoleName: id }));
    },
    find: async ({ name }) => name,
  }),

  "aws:iam/rolePolicy:RolePolicy": define<Plain<RolePolicyArgs>>({
    named: { property: "name", max: 128 },
    documents: ["policy"],
    replaceOn: ["name", "role"],
    async create(inputs) {
      const { name = "", role } = inputs;
      await putPolicy(cloud, String(role), name, String(inputs.policy));
      return `${role}:${name}`;
    },
    async read(id) {
      const [RoleName = "", PolicyName = ""] = id.split(":");
      const held = await ifThere((await cloud.iam()).getRolePolicy({ RoleName, PolicyName }));
      if (!held) return undefined;
      const policy = decodeURIComponent(held.PolicyDocument ?? "");
      return { inputs: { name: PolicyName, role: RoleName, policy }, outputs: {} };
    },
    async update(id, inputs) {
      const [role = "", name = ""] = id.split(":");
      await putPolicy(cloud, role, name, String(inputs.policy));
    },
    async delete(id) {
      const [RoleName = "", PolicyName = ""] = id.split(":");
      await mirrorPolicy(cloud, RoleName, PolicyName, undefined);
      await ifThere((await cloud.iam()).deleteRolePolicy({ RoleName, PolicyName }));
    },
  }),

  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": define<Plain<RolePolicyAttachmentArgs>>({
    async create({ role, policyArn: PolicyArn }) {
      await (await cloud.iam()).attachRolePolicy({ RoleName: String(role), PolicyArn });
      return `${role}/${PolicyArn}`;
    },
    async read(id) {
      const [, RoleName = "", policyArn = ""] = /^([^/]+)\/(.*)$/.exec(id) ?? [];
      const held = await ifThere((await cloud.iam()).listAttachedRolePolicies({ RoleName }));
      if (!held?.AttachedPolicies?.some(({ PolicyArn }) => PolicyArn === policyArn)) return undefined;
      return { inputs: { role: RoleName, policyArn }, outputs: {} };
    },
    async delete(_id, _call, { role, policyArn }) {
      const request = { RoleName: String(role), PolicyArn: String(policyArn) };
      await ifThere((await cloud.iam()).detachRolePolicy(request));
    },
  }),

  "aws:iam/openIdConnectProvider:OpenIdConnectProvider": define<Plain<OpenIdConnectProviderArgs>>({
    required: ["url", "clientIdLists"],
    replaceOn: ["url"],
    sameIdentity: (olds, news) => olds.url === news.url,
    async create(inputs) {
      const request = { Url: inputs.url, ClientIDList: inputs.clientIdLists, ThumbprintList: inputs.thumbprintLists };
      const made = await (await cloud.iam()).createOpenIDConnectProvider({ ...request, Tags: toTags(inputs.tags) });
      const arn = need(made.OpenIDConnectProviderArn, "the provider's ARN");
      // Made anew: a judge that outlived a half-made update may know an older one.
      await finish(arn, () =>
        alsoAtJudge(cloud, async (iam, rewrite) => {
          await ifThere(iam.deleteOpenIDConnectProvider({ OpenIDConnectProviderArn: rewrite(arn) }));
          await iam.createOpenIDConnectProvider(request);
        }),
      );
      return arn;
    },
    async read(id) {
      const held = await ifThere((await cloud.iam()).getOpenIDConnectProvider({ OpenIDConnectProviderArn: id }));
      if (!held) return undefined;
      const url = `https://${(held.Url ?? "").replace(/^https:\/\//, "")}`;
      const inputs = { url, clientIdLists: held.ClientIDList, ...fromTags(held.Tags) };
      return {
        inputs: properties(inputs),
        outputs: properties({ arn: id, thumbprintLists: held.ThumbprintList ?? [] }),
      };
    },
    async update(id, inputs, _call, olds) {
      const iam = await cloud.iam();
      await setClients(iam, id, olds.clientIdLists, inputs.clientIdLists);
      await alsoAtJudge(cloud, (judge, rewrite) =>
        setClients(judge, rewrite(id), olds.clientIdLists, inputs.clientIdLists),
      );
      await changeTags(olds.tags, inputs.tags, {
        set: (tags) => iam.tagOpenIDConnectProvider({ OpenIDConnectProviderArn: id, Tags: toTags(tags) }),
        remove: (TagKeys) => iam.untagOpenIDConnectProvider({ OpenIDConnectProviderArn: id, TagKeys }),
      });
    },
    async delete(id) {
      await alsoAtJudge(cloud, (iam, rewrite) =>
        ifThere(iam.deleteOpenIDConnectProvider({ OpenIDConnectProviderArn: rewrite(id) })),
      );
      await ifThere((await cloud.iam()).deleteOpenIDConnectProvider({ OpenIDConnectProviderArn: id }));
    },
    find: async ({ url }) => `arn:aws:iam::${cloud.account}:oidc-provider/${url.replace(/^https:\/\//, "")}`,
  }),
});

async function putPolicy(cloud: Cloud, RoleName: string, PolicyName: string, policy: string): Promise<void> {
  await (await cloud.iam()).putRolePolicy({ RoleName, PolicyName, PolicyDocument: policy });
  await mirrorPolicy(cloud, RoleName, PolicyName, policy);
}

type Iam = Awaited<ReturnType<Cloud["iam"]>>;

/** The judge knows no boundaries: roles that have one are none that pods take. */
async function setBoundary(iam: Iam, RoleName: string, PermissionsBoundary: string | undefined): Promise<void> {
  if (PermissionsBoundary) await iam.putRolePermissionsBoundary({ RoleName, PermissionsBoundary });
  else await ifThere(iam.deleteRolePermissionsBoundary({ RoleName }));
}

async function setClients(iam: Iam, OpenIDConnectProviderArn: string, olds: string[], news: string[]): Promise<void> {
  for (const ClientID of news.filter((id) => !olds.includes(id))) {
    await iam.addClientIDToOpenIDConnectProvider({ OpenIDConnectProviderArn, ClientID });
  }
  for (const ClientID of olds.filter((id) => !news.includes(id))) {
    await iam.removeClientIDFromOpenIDConnectProvider({ OpenIDConnectProviderArn, ClientID });
  }
}
