/** The data plane's components as the documents name them, and what stands for each in a customer's cluster. */
import { syncAccount } from "../../components/compute-plane/on-demand.ts";
import { appsAccount } from "../../components/compute-plane/permissions.ts";
import { adminServiceAccounts, secretsServiceAccount } from "../../components/identity/contract.ts";
import { gateService } from "../../components/serving/contract.ts";
import { adminAccounts, type PlaneTarget, projectsOnDemand, secretsInCloud } from "../target.ts";

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

/** Runs only where the stack declares projects on demand. */
const sync: Component = {
  documented: "ClusterResourceSync",
  name: "sync",
  serviceAccount: syncAccount,
  usesAdminRole: false,
};

/** Run only where apps are served. */
const serving: readonly Component[] = [
  { documented: "Apps & Serving", name: "apps", serviceAccount: appsAccount, usesAdminRole: false },
  { documented: "Apps & Serving: the gate", name: gateService, serviceAccount: gateService, usesAdminRole: false },
];

/** Of this plane. */
export function componentsOf(target: PlaneTarget): readonly Component[] {
  return [...components, ...(projectsOnDemand(target).length > 0 ? [sync] : []), ...(target.servesApps ? serving : [])];
}

/** Those that take the admin role, and beside them every component's that does not. */
export function platformAccounts(target: PlaneTarget): string[] {
  return [...new Set([...adminAccounts(target), ...componentsOf(target).map(({ serviceAccount }) => serviceAccount)])];
}

export function takesAdminRole({ usesAdminRole }: Component, target: PlaneTarget): boolean {
  return usesAdminRole === "secrets-in-cloud" ? secretsInCloud(target) : usesAdminRole;
}

/** Documented components without a pod of their own, and why the architecture has none. */
export function withoutPod(target: PlaneTarget): Record<string, string> {
  return {
    Operator: "registration and heartbeat are the tunnel's, configuration is the customer stack's",
    ...(projectsOnDemand(target).length > 0
      ? {}
      : { ClusterResourceSync: "namespaces, accounts and quotas are declared by the customer stack" }),
  };
}

/** What a component's pods and Deployment are found by. */
export const componentLabel = "app.kubernetes.io/name";
