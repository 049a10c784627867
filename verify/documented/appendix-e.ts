/** Appendix E, the documented map from service accounts to cloud roles, and what became of each row here. */
import { adminServiceAccounts, taskServiceAccount } from "../../components/identity/contract.ts";

export interface AccountRow {
  /** As appendix E names it, all in namespace `union` or in each workspace's. */
  documented: string;
  documentedRole: "admin" | "user";
  /** Where the account is. */
  where: "platform" | "projects";
  /** Our account; undefined: nobody holds what the row gives, for the reason. */
  account?: string;
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
    reason: "namespaces, accounts and quotas are declared by the customer stack",
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
    reason: "the executor writes pods whole",
  },
  { documented: "clusterresource-template", documentedRole: "user", where: "projects", account: taskServiceAccount },
];

/** Beside the documented rows: the Log Provider, which appendix E counts to the proxy, has an account of its own. */
export const ownAccounts: readonly AccountRow[] = [
  { documented: "proxy-system", documentedRole: "admin", where: "platform", account: adminServiceAccounts.logs },
];
