/** What each service account may do in Kubernetes, as data; exactly what its service calls, never a wildcard. */
import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { labelsOf } from "./labels.ts";

type Rule = kubernetes.types.input.rbac.v1.PolicyRule;

/** In each project namespace. Secrets are not among it: the kubelet, not the executor, reads what a task pod mounts. */
export const executorRules: Rule[] = [
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
];

/** In each project namespace: reads, never writes. */
export const logRules: Rule[] = [
  { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
  { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
];

/** In the platform's namespace: the one Secret that keeps its own identity; made by the stack, so it needs no create. */
export function tunnelRules(identitySecret: string): Rule[] {
  return [
    { apiGroups: [""], resources: ["secrets"], resourceNames: [identitySecret], verbs: ["get", "patch", "update"] },
  ];
}

export interface GrantArgs {
  /** Name of the Role and its binding. */
  role: string;
  /** Where the rules hold. */
  namespace: pulumi.Input<string>;
  rules: Rule[];
  account: { name: string; namespace: pulumi.Input<string> };
  parent: pulumi.Resource;
}

/** @returns the binding: what needs the rules waits for it. */
export function grantRole(name: string, { role, namespace, rules, account, parent }: GrantArgs): pulumi.Resource {
  const metadata = { name: role, namespace, labels: labelsOf(role) };
  const created = new kubernetes.rbac.v1.Role(name, { metadata, rules }, { parent });
  return new kubernetes.rbac.v1.RoleBinding(
    name,
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: created.metadata.name },
      subjects: [{ kind: "ServiceAccount", ...account }],
    },
    { parent },
  );
}
