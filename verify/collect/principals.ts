/** Everybody in the account with all that they hold, boundaries and groups too, in one paginated call. */
import {
  type GetAccountAuthorizationDetailsResponse,
  paginateGetAccountAuthorizationDetails,
} from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import type { Facts } from "../facts.ts";
import { type AccountDetails, worldOf } from "../reason/iam/account-details.ts";
import type { AwsClients } from "./aws-clients.ts";

export async function readPrincipals({
  iam: client,
  sts,
}: Pick<AwsClients, "iam" | "sts">): Promise<Facts["principals"]> {
  const { Account = "" } = await sts.send(new GetCallerIdentityCommand({}));
  const pages: Partial<GetAccountAuthorizationDetailsResponse>[] = [];
  for await (const page of paginateGetAccountAuthorizationDetails({ client }, {})) pages.push(page);
  const details = {
    RoleDetailList: pages.flatMap(({ RoleDetailList = [] }) => RoleDetailList),
    UserDetailList: pages.flatMap(({ UserDetailList = [] }) => UserDetailList),
    GroupDetailList: pages.flatMap(({ GroupDetailList = [] }) => GroupDetailList),
    Policies: pages.flatMap(({ Policies = [] }) => Policies),
  };
  return worldOf(Account, { ...details, Policies: ownOrHeld(details) });
}

/** AWS has over a thousand policies of its own; those that nobody holds change nothing that the search would find. */
function ownOrHeld({ RoleDetailList = [], UserDetailList = [], GroupDetailList = [], Policies = [] }: AccountDetails) {
  const bounded = [...RoleDetailList, ...UserDetailList];
  const held = new Set([
    ...[...bounded, ...GroupDetailList].flatMap(({ AttachedManagedPolicies = [] }) =>
      AttachedManagedPolicies.map(({ PolicyArn }) => PolicyArn),
    ),
    ...bounded.map(({ PermissionsBoundary }) => PermissionsBoundary?.PermissionsBoundaryArn),
  ]);
  return Policies.filter(({ Arn = "" }) => !Arn.startsWith("arn:aws:iam::aws:") || held.has(Arn));
}
