/** What the user of a given kubeconfig must be allowed to do, as SelfSubjectAccessReview asks it, in every namespace. */
import type { Plane } from "../hosts.ts";

export interface Permission {
  /** Empty for Kubernetes' core group. */
  group: string;
  resource: string;
  verb: string;
}

const rbac = "rbac.authorization.k8s.io";

/** The kinds that the stacks and the local run make there. */
const made: [group: string, resource: string][] = [
  ["", "namespaces"],
  ["", "configmaps"],
  ["", "limitranges"],
  ["", "pods"],
  ["", "resourcequotas"],
  ["", "secrets"],
  ["", "serviceaccounts"],
  ["", "services"],
  ["admissionregistration.k8s.io", "mutatingwebhookconfigurations"],
  ["apps", "deployments"],
  ["networking.k8s.io", "networkpolicies"],
  [rbac, "roles"],
  [rbac, "rolebindings"],
];

/** Kinds of one plane only. Who grants a right must have it: the customer's executor is granted its custom objects. */
const madeBy: Record<Plane, Permission[]> = {
  region: each("batch", "jobs"),
  customer: [
    ...each("apiextensions.k8s.io", "customresourcedefinitions"),
    { group: "flyte.org", resource: "taskactions", verb: "*" },
    // The sync's, which makes roles that it does not hold.
    ...each(rbac, "clusterroles"),
    ...each(rbac, "clusterrolebindings"),
    ...["bind", "escalate"].map((verb) => ({ group: rbac, resource: "roles", verb })),
  ],
};

export function permissions(plane: Plane): Permission[] {
  return [
    ...made.flatMap(([group, resource]) => each(group, resource)),
    ...madeBy[plane],
    { group: "", resource: "nodes", verb: "list" },
    { group: "", resource: "pods", verb: "list" },
  ];
}

function each(group: string, resource: string): Permission[] {
  return ["get", "create", "patch", "delete"].map((verb) => ({ group, resource, verb }));
}

/** @example "create customresourcedefinitions.apiextensions.k8s.io" */
export function inWords({ group, resource, verb }: Permission): string {
  return `${verb === "*" ? "do anything with" : verb} ${resource}${group ? `.${group}` : ""}`;
}
