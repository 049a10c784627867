import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { labelsOf } from "../workloads/labels.ts";
import { type Management, managersOf, rightsByPlace } from "./management.ts";

export type ManagementAccessArgs = Management & {
  /** Namespace of the platform's services. */
  namespace: pulumi.Input<string>;
  /** Namespaces of what serves apps, once they are there. @default none are served */
  serving?: { serving: pulumi.Input<string>; gateway: pulumi.Input<string> };
};

const name = "biplane-managers";
const apiGroup = "rbac.authorization.k8s.io";

/**
 * BYOC only: the rights of the vendor's managers, to whom the cluster's authentication names so. Proved by
 * `human-byoc-k8s-management`, `model-byoc-separated-from-data`, `n-human-operator-can-i` and, of what serves apps,
 * `apps-byoc-lifecycle`.
 */
export class ManagementAccess extends pulumi.ComponentResource {
  constructor(logicalName: string, args: ManagementAccessArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:admission:ManagementAccess", logicalName, {}, opts);
    const { level, namespace, serving } = args;
    const managers = managersOf(args);
    const subjects = [{ kind: managers.kind, apiGroup, name: managers.name }];
    const homes = { platform: namespace, ...serving };
    for (const { where, namespace: home, rules } of rightsByPlace(level, homes)) {
      const inCluster = { name, labels: labelsOf("managers") };
      const own = where === "cluster" || where === "platform" ? logicalName : `${logicalName}-${where}`;
      if (home === undefined) grantInCluster(own, { metadata: inCluster, rules, subjects, parent: this });
      else grantIn(own, { metadata: { ...inCluster, namespace: home }, rules, subjects, parent: this });
    }
    this.registerOutputs({});
  }
}

interface Granted {
  metadata: kubernetes.types.input.meta.v1.ObjectMeta;
  rules: kubernetes.types.input.rbac.v1.PolicyRule[];
  subjects: kubernetes.types.input.rbac.v1.Subject[];
  parent: pulumi.Resource;
}

function grantInCluster(logicalName: string, { metadata, rules, subjects, parent }: Granted): void {
  const role = new kubernetes.rbac.v1.ClusterRole(logicalName, { metadata, rules }, { parent });
  const roleRef = { apiGroup, kind: "ClusterRole", name: role.metadata.name };
  new kubernetes.rbac.v1.ClusterRoleBinding(logicalName, { metadata, roleRef, subjects }, { parent });
}

function grantIn(logicalName: string, { metadata, rules, subjects, parent }: Granted): void {
  const role = new kubernetes.rbac.v1.Role(logicalName, { metadata, rules }, { parent });
  const roleRef = { apiGroup, kind: "Role", name: role.metadata.name };
  new kubernetes.rbac.v1.RoleBinding(logicalName, { metadata, roleRef, subjects }, { parent });
}
