/**
 * What the platform's accounts may do in a customer's cluster: the one table. Appendix D's roles narrowed to exactly
 * what the services that exist call; no rule knows a wildcard, and a Secret is read by its name or not at all.
 */
import { adminServiceAccounts, secretsServiceAccount } from "../identity/contract.ts";
import { userSecretShards } from "../secrets/names.ts";
import type { PlainRule } from "../workloads/service-spec.ts";

/** Secret of the platform's namespace in which the tunnel keeps its key, its certificate and what it pinned. */
export const identitySecret = "tunnel-identity";

/** Lease of the platform's namespace by which one of the executor's replicas is chosen to work. */
export const executorLease = "executor";

/** Lease of the platform's namespace by which one of the apps service's replicas is chosen to work. */
export const appsLease = "apps";
/** Account of the service that makes Knative Services of apps. */
export const appsAccount = "apps";

export interface Permission {
  /** Name of the Role and of its binding. */
  role: string;
  /** Service account of the platform's namespace. */
  account: string;
  /**
   * `projects`: a Role in each project namespace; `platform`: one in the platform's own; `cluster`: a ClusterRole, for
   * what has no namespace yet, with every object by its name (on-demand.ts).
   */
  where: "projects" | "platform" | "cluster";
  /** Roles of appendix D that it stands for; none where the documents have no such right. */
  standsFor: string[];
  rules: PlainRule[];
}

export const permissions: Permission[] = [
  {
    role: "executor",
    account: adminServiceAccounts.executor,
    where: "projects",
    standsFor: ["union-executor", "flytepropeller-role"],
    // Secrets are not among it: the kubelet, not the executor, reads what a task pod mounts.
    rules: [
      { apiGroups: [""], resources: ["pods"], verbs: ["create", "delete", "get", "list", "patch", "watch"] },
      { apiGroups: [""], resources: ["pods/status"], verbs: ["get"] },
      { apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] },
      {
        apiGroups: ["flyte.org"],
        resources: ["taskactions"],
        verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
      },
      { apiGroups: ["flyte.org"], resources: ["taskactions/status"], verbs: ["get", "patch", "update"] },
      { apiGroups: ["flyte.org"], resources: ["taskactions/finalizers"], verbs: ["update"] },
    ],
  },
  {
    role: "executor-election",
    account: adminServiceAccounts.executor,
    where: "platform",
    standsFor: [],
    // The stack makes the Lease, so it needs no create. Its own Deployment's end tells it that it is removed for good.
    rules: [
      { apiGroups: ["apps"], resources: ["deployments"], resourceNames: ["executor"], verbs: ["get"] },
      {
        apiGroups: ["coordination.k8s.io"],
        resources: ["leases"],
        resourceNames: [executorLease],
        verbs: ["get", "update"],
      },
    ],
  },
  {
    role: "logs",
    account: adminServiceAccounts.logs,
    where: "projects",
    standsFor: ["proxy-system"],
    rules: [
      { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
      { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
      { apiGroups: [""], resources: ["events"], verbs: ["list", "watch"] },
      // Of a pod by its name; of nodes, whose measurements tell of every pod, nothing.
      { apiGroups: ["metrics.k8s.io"], resources: ["pods"], verbs: ["get"] },
    ],
  },
  {
    role: "tunnel",
    account: "tunnel-system",
    where: "platform",
    standsFor: ["proxy-system-secret"],
    // The stack makes the Secret, so it needs no create.
    rules: [
      { apiGroups: [""], resources: ["secrets"], resourceNames: [identitySecret], verbs: ["get", "patch", "update"] },
    ],
  },
  {
    role: "secrets",
    account: secretsServiceAccount,
    where: "platform",
    standsFor: [],
    // The stack makes these Secrets, so it needs no create; others of the namespace it cannot even list.
    rules: [{ apiGroups: [""], resources: ["secrets"], resourceNames: [...userSecretShards], verbs: ["get", "patch"] }],
  },
  {
    role: "secrets-for-tasks",
    account: secretsServiceAccount,
    where: "projects",
    standsFor: ["flytepropeller-webhook-role"],
    // Writes what a pod is given and reads nothing: not even that. The stack makes the webhook's configuration.
    rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["create"] }],
  },
];

/** Where apps are served, beside those. */
export const appPermissions: Permission[] = [
  {
    role: "apps",
    account: appsAccount,
    where: "projects",
    standsFor: [],
    // Pods, Deployments and routes are Knative's to make: this asks for an app, and looks at what became of it.
    rules: [
      {
        apiGroups: ["serving.knative.dev"],
        resources: ["services"],
        verbs: ["create", "delete", "get", "list", "patch", "watch"],
      },
      { apiGroups: ["serving.knative.dev"], resources: ["revisions"], verbs: ["list", "watch"] },
    ],
  },
  {
    role: "app-logs",
    account: adminServiceAccounts.logs,
    where: "projects",
    standsFor: ["proxy-system"],
    // An app's pods have names that Knative makes up.
    rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["list"] }],
  },
  {
    role: "apps-election",
    account: appsAccount,
    where: "platform",
    standsFor: [],
    rules: [
      {
        apiGroups: ["coordination.k8s.io"],
        resources: ["leases"],
        resourceNames: [appsLease],
        verbs: ["get", "update"],
      },
    ],
  },
];

/** The whole table but for what is made on demand. */
export function permissionsOf({ servesApps = false }: { servesApps?: boolean | undefined }): Permission[] {
  return servesApps ? [...permissions, ...appPermissions] : permissions;
}

/** Roles of appendix D that no account has here, each with its reason: what is granted beyond `permissions` is a fault. */
export const notGranted: Record<string, string> = {
  "operator-system": "no operator runs: configuration comes from the stack, health from the tunnel's heartbeat",
  "union-operator-admission": "the stack makes the webhook's serving certificate, no pod does",
  "release-name-fluentbit":
    "the log shipper reads files of its node, whose names say what it must know of a pod; it asks the API for nothing",
  opencost: "cost is not measured in the cluster",
  "release-name-kube-state-metrics": "no metrics stack is made; as documented it lists every Secret",
  "release-name-grafana-clusterrole": "no dashboards are made; as documented it reads every Secret",
  "union-operator-prometheus":
    "the metrics store reads kubelets' measures and lists nodes, by a role of its own name; no pods, Services or endpoints",
  "prometheus-operator": "no metrics stack is made; as documented it may do everything to Secrets",
  "release-name-dcgm-exporter": "no GPU metrics are collected",
};

/** @throws when the table has no such role: a programming error */
export function permissionOf(role: string): Permission {
  const found = [...permissions, ...appPermissions].find((permission) => permission.role === role);
  if (!found) throw new Error(`no permission is named ${role}`);
  return found;
}
