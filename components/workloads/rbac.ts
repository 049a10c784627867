import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { planBinding, planRole } from "./grant-plan.ts";
import type { Rule } from "./service-spec.ts";

export interface GrantArgs {
  /** Name of the Role and its binding. */
  role: string;
  /** Where the rules hold. */
  namespace: pulumi.Input<string>;
  rules: Rule[];
  account: { name: string; namespace: pulumi.Input<string> };
  parent: pulumi.Resource;
  /** Where role and binding stood before they became a part of `parent`. @default they always stood there */
  formerParent?: pulumi.Resource;
}

/** @returns the binding: what needs the rules waits for it. */
export function grantRole(name: string, args: GrantArgs): pulumi.Resource {
  const { role, namespace, rules, account, parent, formerParent } = args;
  const opts = { parent, ...(formerParent ? { aliases: [{ parent: formerParent }] } : {}) };
  const plan = planRole(role, rules);
  const metadata = { name: role, namespace, labels: plan.labels };
  const created = new kubernetes.rbac.v1.Role(name, { metadata, rules: plan.rules }, opts);
  return new kubernetes.rbac.v1.RoleBinding(
    name,
    { metadata, ...planBinding<pulumi.Input<string>>(created.metadata.name, account) },
    opts,
  );
}
