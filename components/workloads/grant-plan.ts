/** A Role and its binding as data. */
import { type Labels, labelsOf } from "./labels.ts";

export const rbacGroup = "rbac.authorization.k8s.io";

export interface RolePlan<Rule> {
  labels: Labels;
  rules: Rule[];
}

/** @param role name of the Role and its binding */
export function planRole<Rule>(role: string, rules: Rule[]): RolePlan<Rule> {
  return { labels: labelsOf(role), rules };
}

/** @typeParam Text a string that is known, or one that a stack will know */
export function planBinding<Text>(role: Text, account: { name: string; namespace: Text }) {
  return {
    roleRef: { apiGroup: rbacGroup, kind: "Role", name: role },
    subjects: [{ kind: "ServiceAccount", ...account }],
  };
}
