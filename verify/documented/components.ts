/** The data plane's components as the documents name them, and what stands for each in a customer's cluster. */
import { adminServiceAccounts } from "../../components/identity/contract.ts";

export interface Component {
  /** As the data-plane document calls it. */
  documented: string;
  /** Name of its Deployment, and of its pods' label. */
  name: string;
  serviceAccount: string;
  /** It takes the admin role. */
  usesAdminRole: boolean;
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
];

/** Documented components without a pod of their own, and why the architecture has none. */
export const withoutPod: Record<string, string> = {
  Operator: "registration and heartbeat are the tunnel's, configuration is the customer stack's",
  "Secrets webhook": "the executor writes pods whole",
  ClusterResourceSync: "namespaces, accounts and quotas are declared by the customer stack",
};

/** What a component's pods and Deployment are found by. */
export const componentLabel = "app.kubernetes.io/name";
