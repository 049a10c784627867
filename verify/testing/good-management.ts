/** What the stacks give a vendor's managers in a cluster, whichever its cloud is: rights, the policy and words on objects. */
import {
  homesOf,
  type Management,
  managersOf,
  planManagement,
  rightsByPlace,
  servingManagers,
} from "../../components/admission/management.ts";
import { servingHomes } from "../../components/admission/management-serving.ts";
import { managersAnnotation } from "../../components/serving/contract.ts";
import type { Facts } from "../facts.ts";
import type { PlaneTarget } from "../target.ts";
import { goodAdmission } from "./good-cluster.ts";

const apiGroup = "rbac.authorization.k8s.io";
const name = "biplane-managers";

/** Changes the facts that are given. */
export function letManage(facts: Facts, management: Management, target: PlaneTarget): void {
  const { kind, name: who } = managersOf(management);
  const subjects = [{ kind, apiGroup, name: who }];
  for (const { namespace, rules } of rightsByPlace(management.level, homesOf(target))) {
    const roleRef = { apiGroup, kind: namespace === undefined ? "ClusterRole" : "Role", name };
    const copied = structuredClone(rules);
    if (namespace === undefined) {
      facts.clusterRoles.push({ metadata: { name }, rules: copied });
      facts.clusterRoleBindings.push({ metadata: { name }, roleRef, subjects });
    } else {
      facts.roles.push({ metadata: { name, namespace }, rules: copied });
      facts.roleBindings.push({ metadata: { name, namespace }, roleRef, subjects });
    }
  }
  const { admissionPolicies, admissionBindings } = goodAdmission(planManagement(management, target));
  facts.admissionPolicies.push(...admissionPolicies);
  facts.admissionBindings.push(...admissionBindings);
  const managers = servingManagers(management);
  const homes = new Set<string | undefined>(Object.values(servingHomes));
  for (const { metadata } of facts.deployments) {
    if (metadata && managers !== undefined && homes.has(metadata.namespace))
      metadata.annotations = { ...metadata.annotations, [managersAnnotation]: managers };
  }
}
