/** Appendix E, the documented map from service accounts to cloud roles, and what became of each row here. */
import { adminServiceAccounts, secretsServiceAccount, taskServiceAccount } from "../../components/identity/contract.ts";
import { secretsInCloud, type Target } from "../target.ts";

export interface AccountRow {
  /** As appendix E names it, all in namespace `union` or in each workspace's. */
  documented: string;
  documentedRole: "admin" | "user";
  /** Where the account is. */
  where: "platform" | "projects";
  /** Our account; undefined: nobody holds what the row gives, for the reason. */
  account?: string;
  /** The account holds what the row gives only on planes whose users' secrets are in the cloud's own manager. */
  onlyWith?: "secrets-in-cloud";
  reason?: string;
}

export const appendixE: readonly AccountRow[] = [
  {
    documented: "flyteadmin",
    documentedRole: "admin",
    where: "platform",
    reason: "control-plane accounts have no role in a customer's account: URLs are signed in the data plane",
  },
  {
    documented: "clustersync-system",
    documentedRole: "admin",
    where: "platform",
    reason: "what makes namespaces on demand needs nothing of the cloud",
  },
  { documented: "executor", documentedRole: "admin", where: "platform", account: adminServiceAccounts.executor },
  { documented: "proxy-system", documentedRole: "admin", where: "platform", account: adminServiceAccounts.objectstore },
  {
    documented: "operator-system",
    documentedRole: "admin",
    where: "platform",
    reason: "registration and heartbeat are the tunnel's, which needs no cloud",
  },
  {
    documented: "flytepropeller-system",
    documentedRole: "admin",
    where: "platform",
    reason: "the executor runs every action",
  },
  {
    documented: "flytepropeller-webhook-system",
    documentedRole: "admin",
    where: "platform",
    account: secretsServiceAccount,
    onlyWith: "secrets-in-cloud",
    reason: "users' secrets are in the cluster: the webhook needs no cloud",
  },
  { documented: "clusterresource-template", documentedRole: "user", where: "projects", account: taskServiceAccount },
];

/** Beside the documented rows: the Log Provider, which appendix E counts to the proxy, has an account of its own. */
export const ownAccounts: readonly AccountRow[] = [
  { documented: "proxy-system", documentedRole: "admin", where: "platform", account: adminServiceAccounts.logs },
];

/**
 * What an account may do with objects, in both buckets alike; who is not in it may do nothing. Against appendix E the
 * executor writes none, and the proxy's account, which signs URLs here in flyteadmin's place, writes too: decision 58.
 */
export const objectReach: Readonly<Record<string, readonly ("get" | "put")[]>> = {
  [adminServiceAccounts.executor]: ["get"],
  [adminServiceAccounts.objectstore]: ["get", "put"],
};

/** @returns the account that holds what the row gives on this plane. */
export function holderOf({ account, onlyWith }: AccountRow, target: Target): string | undefined {
  return onlyWith === undefined || secretsInCloud(target) ? account : undefined;
}
