/** An account as IAM tells it in one paginated call, GetAccountAuthorizationDetails, turned into what the search reads. */
import { parsePolicy } from "../iam-policy.ts";
import type { Entity, Group, HeldPolicy, ManagedPolicy, World } from "./world.ts";

interface InlinePolicy {
  PolicyName?: string;
  /** URL-encoded. */
  PolicyDocument?: string;
}
interface Attached {
  PolicyArn?: string;
}
interface Holder {
  Arn?: string;
  AttachedManagedPolicies?: Attached[];
  PermissionsBoundary?: { PermissionsBoundaryArn?: string };
}

/** The parts of the answer that are read, as the SDK types them. */
export interface AccountDetails {
  RoleDetailList?: (Holder & { AssumeRolePolicyDocument?: string; RolePolicyList?: InlinePolicy[] })[];
  UserDetailList?: (Holder & { UserPolicyList?: InlinePolicy[]; GroupList?: string[] })[];
  GroupDetailList?: (Holder & { GroupPolicyList?: InlinePolicy[] })[];
  Policies?: {
    Arn?: string;
    PolicyVersionList?: { Document?: string; IsDefaultVersion?: boolean }[];
  }[];
}

/** @throws Error if a policy that somebody holds is not among the answer's: what is unread must not count as harmless */
export function worldOf(account: string, details: AccountDetails): World {
  const policies = (details.Policies ?? []).map(managedPolicy);
  const held = (arn = ""): HeldPolicy => {
    const policy = policies.find((one) => one.arn === arn);
    if (!policy) throw new Error(`the policy ${arn} is attached, but its document was not read`);
    return policy;
  };
  const common = (holder: Holder, inline: InlinePolicy[] = []) => ({
    arn: holder.Arn ?? "",
    inline: inline.map(({ PolicyDocument = "{}" }) => ({ document: parsePolicy(PolicyDocument) })),
    attached: (holder.AttachedManagedPolicies ?? []).map(({ PolicyArn }) => held(PolicyArn)),
  });
  const boundaryOf = ({ PermissionsBoundary }: Holder) =>
    PermissionsBoundary?.PermissionsBoundaryArn ? { boundary: held(PermissionsBoundary.PermissionsBoundaryArn) } : {};

  const groups = (details.GroupDetailList ?? []).map((group): Group => common(group, group.GroupPolicyList));
  const roles = (details.RoleDetailList ?? []).map(
    (role): Entity => ({
      kind: "role",
      ...common(role, role.RolePolicyList),
      ...boundaryOf(role),
      trust: parsePolicy(role.AssumeRolePolicyDocument ?? "{}"),
    }),
  );
  const users = (details.UserDetailList ?? []).map(
    (user): Entity => ({
      kind: "user",
      ...common(user, user.UserPolicyList),
      ...boundaryOf(user),
      groups: (user.GroupList ?? []).map((name) => groups.find(({ arn }) => arn.endsWith(`/${name}`))?.arn ?? name),
    }),
  );
  return { account, entities: [...roles, ...users], groups, policies };
}

function managedPolicy({
  Arn: arn = "",
  PolicyVersionList: versions = [],
}: NonNullable<AccountDetails["Policies"]>[0]): ManagedPolicy {
  const current = versions.find(({ IsDefaultVersion }) => IsDefaultVersion);
  return { arn, document: parsePolicy(current?.Document ?? "{}"), olderVersions: Math.max(0, versions.length - 1) };
}
