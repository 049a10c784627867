import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { labelsOf } from "../workloads/labels.ts";
import type { Rule } from "../workloads/service-spec.ts";
import { type Management, managersOf, rightsOf } from "./management.ts";

export type ManagementAccessArgs = Management & {
  /** Namespace of the platform's services. */
  namespace: pulumi.Input<string>;
};

const name = "biplane-managers";
const apiGroup = "rbac.authorization.k8s.io";

/**
 * BYOC only: the rights of the vendor's managers, to whom the cluster's authentication names so. Proved by
 * `human-byoc-k8s-management`, `model-byoc-separated-from-data` and `n-human-operator-can-i`.
 */
export class ManagementAccess extends pulumi.ComponentResource {
  constructor(logicalName: string, args: ManagementAccessArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:admission:ManagementAccess", logicalName, {}, opts);
    const { level, namespace } = args;
    const managers = managersOf(args);
    const rules = (where: "cluster" | "platform"): Rule[] =>
      rightsOf(level).flatMap((right) => (right.where === where ? right.rules : []));
    const subjects = [{ kind: managers.kind, apiGroup, name: managers.name }];
    const inCluster = { name, labels: labelsOf("managers") };
    const inPlatform = { ...inCluster, namespace };

    const clusterRole = new kubernetes.rbac.v1.ClusterRole(
      logicalName,
      { metadata: inCluster, rules: rules("cluster") },
      { parent: this },
    );
    new kubernetes.rbac.v1.ClusterRoleBinding(
      logicalName,
      { metadata: inCluster, roleRef: { apiGroup, kind: "ClusterRole", name: clusterRole.metadata.name }, subjects },
      { parent: this },
    );
    const role = new kubernetes.rbac.v1.Role(
      logicalName,
      { metadata: inPlatform, rules: rules("platform") },
      { parent: this },
    );
    new kubernetes.rbac.v1.RoleBinding(
      logicalName,
      { metadata: inPlatform, roleRef: { apiGroup, kind: "Role", name: role.metadata.name }, subjects },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
