/** The account's roles with every policy body, its users and their keys, its identity providers. */
import {
  GetOpenIDConnectProviderCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRolePolicyCommand,
  ListAccessKeysCommand,
  ListOpenIDConnectProvidersCommand,
  paginateListAttachedRolePolicies,
  paginateListRolePolicies,
  paginateListRoles,
  paginateListUsers,
  type Role,
} from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import type { IamAccount, IamRole } from "../facts.ts";
import { parsePolicy } from "../reason/iam-policy.ts";
import type { AwsClients } from "./aws-clients.ts";

export async function readIam(clients: Pick<AwsClients, "iam" | "sts">): Promise<IamAccount> {
  const { iam: client, sts } = clients;
  const identity = await sts.send(new GetCallerIdentityCommand({}));
  const roles: Role[] = [];
  for await (const page of paginateListRoles({ client }, {})) roles.push(...(page.Roles ?? []));
  const users = [];
  for await (const page of paginateListUsers({ client }, {})) users.push(...(page.Users ?? []));
  return {
    account: identity.Account ?? "",
    roles: await Promise.all(roles.map((role) => readRole(clients, role))),
    users: await Promise.all(
      users.map(async ({ UserName: name = "" }) => {
        const keys = await client.send(new ListAccessKeysCommand({ UserName: name }));
        return { name, accessKeys: keys.AccessKeyMetadata?.length ?? 0 };
      }),
    ),
    oidcProviders: await readProviders(clients),
  };
}

async function readRole({ iam: client }: Pick<AwsClients, "iam">, role: Role): Promise<IamRole> {
  const name = role.RoleName ?? "";
  const inline = [];
  for await (const page of paginateListRolePolicies({ client }, { RoleName: name })) {
    for (const PolicyName of page.PolicyNames ?? []) {
      const { PolicyDocument = "{}" } = await client.send(new GetRolePolicyCommand({ RoleName: name, PolicyName }));
      inline.push({ name: PolicyName, document: parsePolicy(PolicyDocument) });
    }
  }
  const attached = [];
  for await (const page of paginateListAttachedRolePolicies({ client }, { RoleName: name })) {
    for (const { PolicyArn: arn = "" } of page.AttachedPolicies ?? []) {
      const { Policy } = await client.send(new GetPolicyCommand({ PolicyArn: arn }));
      const version = await client.send(
        new GetPolicyVersionCommand({ PolicyArn: arn, VersionId: Policy?.DefaultVersionId }),
      );
      attached.push({ arn, document: parsePolicy(version.PolicyVersion?.Document ?? "{}") });
    }
  }
  return { name, arn: role.Arn ?? "", trust: parsePolicy(role.AssumeRolePolicyDocument ?? "{}"), inline, attached };
}

async function readProviders({ iam }: Pick<AwsClients, "iam">): Promise<IamAccount["oidcProviders"]> {
  const { OpenIDConnectProviderList = [] } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
  return Promise.all(
    OpenIDConnectProviderList.map(async ({ Arn: arn = "" }) => {
      const provider = await iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn }));
      return { arn, url: provider.Url ?? "", clientIds: provider.ClientIDList ?? [] };
    }),
  );
}
