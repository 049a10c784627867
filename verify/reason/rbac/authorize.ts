/**
 * One request decided as Kubernetes' RBAC authorizer decides it: rules only add, and whoever is named by no binding may
 * do nothing. Groups are those that the request carries; a service account's own groups always are among them.
 */
import { z } from "zod";
import { listOf, queryId, text } from "../input/parsed.ts";
import { describeRule } from "../kubernetes.ts";
import { isBuiltIn } from "./built-in.ts";
import type { Binding, Roles, Subject } from "./roles.ts";
import { type PolicyRule, ruleAllows } from "./rules.ts";

export const rbacQuery = z
  .strictObject({
    id: queryId,
    user: text.describe("Such as alice, or system:serviceaccount:NAMESPACE:NAME"),
    groups: listOf(z.string("a string"), "a list of strings").describe(
      "All groups of the request, system:authenticated too; those of a service account are added",
    ),
    verb: z.string("a verb, such as get").min(1, "a verb, such as get"),
    apiGroup: text.describe("Empty for the core group"),
    resource: text.describe("Plural, such as pods"),
    subresource: text,
    name: text.describe("Empty where the request is about no single object"),
    namespace: text.describe("Empty for a request across all namespaces, or to what has none"),
    nonResourceURL: text.describe("The path of a request that is about no resource, such as /healthz"),
  })
  .refine(({ user, groups }) => user !== "" || groups.length > 0, "a user, or a group at least")
  .refine(
    ({ resource, nonResourceURL }) => (resource !== "") !== (nonResourceURL !== ""),
    "either a resource or a nonResourceURL",
  )
  .refine(
    ({ nonResourceURL, apiGroup, subresource, name, namespace }) =>
      nonResourceURL === "" || [apiGroup, subresource, name, namespace].every((part) => part === ""),
    "a nonResourceURL without apiGroup, subresource, name and namespace",
  );

export type RbacQuery = z.infer<typeof rbacQuery>;

export const rbacAnswer = z.object({
  allowed: z
    .union([z.boolean(), z.literal("unknown")])
    .describe("unknown: hangs on a role that every cluster has and the manifests do not tell"),
  because: z.string().describe("The binding and the rule that allow it, or what was looked through in vain"),
});

export type RbacAnswer = z.infer<typeof rbacAnswer>;

/** The API server asks no rule about these. */
const superusers = "system:masters";

export function authorize(roles: Roles, query: RbacQuery): RbacAnswer {
  const groups = groupsOf(query);
  if (groups.includes(superusers)) return { allowed: true, because: `the group ${superusers} may do everything` };
  const missing: string[] = [];
  const untold: string[] = [];
  let bindings = 0;
  for (const binding of roles.bindings) {
    if (binding.namespace !== undefined && binding.namespace !== query.namespace) continue;
    const subject = binding.subjects.find((one) => names(one, binding, query.user, groups));
    if (!subject) continue;
    bindings++;
    const rules = rulesOf(roles, binding);
    const bound = `${binding.title} binds ${roleTitle(binding)}`;
    const { kind, name } = binding.roleRef;
    if (!rules && kind === "ClusterRole" && isBuiltIn(name))
      untold.push(`${bound}, which every cluster has and the manifests do not tell`);
    else if (roles.untold.has(roleTitle(binding)))
      untold.push(`${bound}, which gathers roles that every cluster has and the manifests do not tell`);
    else if (!rules) missing.push(`${bound}, which does not exist`);
    const rule = rules?.find((one) => ruleAllows(one, query));
    if (rule) return { allowed: true, because: tell(binding, subject, rule) };
  }
  if (untold.length > 0) return { allowed: "unknown", because: untold.join("; ") };
  return { allowed: false, because: [`none of ${bindings} bindings allows it`, ...missing].join("; ") };
}

function groupsOf({ user, groups }: Pick<RbacQuery, "user" | "groups">): string[] {
  const [, namespace] = /^system:serviceaccount:([^:]+):[^:]+$/.exec(user) ?? [];
  if (namespace === undefined) return groups;
  return [...groups, "system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"];
}

function names(subject: Subject, binding: Binding, user: string, groups: readonly string[]): boolean {
  if (subject.kind === "User") return subject.name === user;
  if (subject.kind === "Group") return groups.includes(subject.name);
  const namespace = subject.namespace || binding.namespace;
  return namespace !== undefined && user === `system:serviceaccount:${namespace}:${subject.name}`;
}

/** A ClusterRoleBinding cannot give what a Role says. */
function rulesOf(roles: Roles, binding: Binding): readonly PolicyRule[] | undefined {
  return roles.rules.get(roleTitle(binding));
}

function roleTitle({ roleRef, namespace }: Binding): string {
  return roleRef.kind === "Role" ? `Role/${namespace ?? ""}/${roleRef.name}` : `ClusterRole/${roleRef.name}`;
}

function tell(binding: Binding, { kind, name }: Subject, rule: PolicyRule): string {
  return `${binding.title} gives ${roleTitle(binding)} to ${kind} ${name}: ${describeRule(rule)}`;
}
