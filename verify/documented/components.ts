/** The data plane's components as the documents name them, and what stands for each in a customer's cluster. */
import { adminServiceAccounts, secretsServiceAccount } from "../../components/identity/contract.ts";
import { secretsInCloud, type Target } from "../target.ts";

export interface Component {
  /** As the data-plane document calls it. */
  documented: string;
  /** Name of its Deployment, and of its pods' label. */
  name: string;
  serviceAccount: string;
  /** It takes the admin role; `secrets-in-cloud`: only where users' secrets are in the cloud's own manager. */
  usesAdminRole: boolean | "secrets-in-cloud";
}

export const components: readonly Component[] = [
  { documented: "Executor", name: "executor", serviceAccount: adminServiceAccounts.executor, usesAdminRole: true },
  {
    documented: "Object Store Service",
    name: "objectstore",
    serviceAccount: adminServiceAccounts.objectstore,
    usesAdminRole: true,
  },
  { documented: "Log Provider", name: "logs", serviceAccount: adminServiceAccounts.logs, usesAdminRole: true },
  { documented: "Tunnel Service", name: "tunnel", serviceAccount: "tunnel-system", usesAdminRole: false },
  {
    documented: "Secrets webhook",
    name: "secrets",
    serviceAccount: secretsServiceAccount,
    usesAdminRole: "secrets-in-cloud",
  },
];

export function takesAdminRole({ usesAdminRole }: Component, target: Target): boolean {
  return usesAdminRole === "secrets-in-cloud" ? secretsInCloud(target) : usesAdminRole;
}

/** Documented components without a pod of their own, and why the architecture has none. */
export const withoutPod: Record<string, string> = {
  Operator: "registration and heartbeat are the tunnel's, configuration is the customer stack's",
  ClusterResourceSync: "namespaces, accounts and quotas are declared by the customer stack",
};

/** What a component's pods and Deployment are found by. */
export const componentLabel = "app.kubernetes.io/name";
