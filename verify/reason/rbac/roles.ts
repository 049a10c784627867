/** Roles and bindings of a cluster, read from manifests. Aggregated roles are filled as the controller fills them. */
import { z } from "zod";
import { type Manifest, namespaceOf } from "../input/manifests.ts";
import { listOf, maybe, parseOrRefuse } from "../input/parsed.ts";
import { type LabelSelector, labelSelector, selects } from "../labels.ts";
import { type PolicyRule, policyRule } from "./rules.ts";

const group = "rbac.authorization.k8s.io";

const role = z.object({
  rules: listOf(policyRule),
  aggregationRule: maybe(z.object({ clusterRoleSelectors: listOf(labelSelector) })),
});

const binding = z.object({
  roleRef: z.object({ kind: z.enum(["Role", "ClusterRole"], "Role or ClusterRole"), name: z.string() }),
  subjects: listOf(
    z.object({
      kind: z.enum(["User", "Group", "ServiceAccount"], "User, Group or ServiceAccount"),
      name: z.string(),
      namespace: maybe(z.string()),
    }),
  ),
});

export type Subject = z.infer<typeof binding>["subjects"][number];

export interface Binding extends z.infer<typeof binding> {
  /** As a reader finds it: `ClusterRoleBinding/x`, `RoleBinding/ns/x`. */
  title: string;
  /** Undefined of a ClusterRoleBinding. */
  namespace: string | undefined;
}

export interface Roles {
  /** By `Role/ns/name` and `ClusterRole/name`. */
  rules: ReadonlyMap<string, readonly PolicyRule[]>;
  bindings: readonly Binding[];
}

export function readRoles(manifests: readonly Manifest[]): Roles {
  const ours = manifests.filter((manifest) => manifest.group === group);
  const own = ours.filter(({ kind }) => kind === "Role");
  return {
    rules: new Map([...own.map((one) => [titleOf(one), parsedRole(one).rules] as const), ...clusterRoles(ours)]),
    bindings: ours.filter(({ kind }) => kind === "RoleBinding" || kind === "ClusterRoleBinding").map(readBinding),
  };
}

function parsedRole(manifest: Manifest): z.infer<typeof role> {
  return parseOrRefuse(role, manifest.object, `${manifest.source}: ${titleOf(manifest)}`);
}

function readBinding(manifest: Manifest): Binding {
  const title = titleOf(manifest);
  return {
    ...parseOrRefuse(binding, manifest.object, `${manifest.source}: ${title}`),
    title,
    namespace: manifest.kind === "RoleBinding" ? namespaceOf(manifest) : undefined,
  };
}

function titleOf(manifest: Manifest): string {
  const cluster = manifest.kind.startsWith("Cluster");
  return [manifest.kind, ...(cluster ? [] : [namespaceOf(manifest)]), manifest.name].join("/");
}

interface ClusterRole {
  title: string;
  labels: Record<string, string>;
  rules: readonly PolicyRule[];
  gathers: readonly LabelSelector[] | undefined;
}

/** What stands in an aggregated role itself is overwritten, so that it never counts. */
function clusterRoles(manifests: readonly Manifest[]): [string, readonly PolicyRule[]][] {
  const roles = manifests
    .filter(({ kind }) => kind === "ClusterRole")
    .map((manifest): ClusterRole => {
      const { rules, aggregationRule } = parsedRole(manifest);
      const gathers = aggregationRule?.clusterRoleSelectors;
      return { title: titleOf(manifest), labels: manifest.labels, rules: gathers ? [] : rules, gathers };
    });
  // One aggregated role may gather another; rounds until none of them grows.
  for (let grown = true; grown; ) {
    grown = false;
    for (const one of roles) {
      const gathered = one.gathers && gather(one, one.gathers, roles);
      if (!gathered || gathered.length === one.rules.length) continue;
      one.rules = gathered;
      grown = true;
    }
  }
  return roles.map(({ title, rules }) => [title, rules]);
}

function gather(self: ClusterRole, selectors: readonly LabelSelector[], roles: readonly ClusterRole[]): PolicyRule[] {
  const gathered = selectors.flatMap((selector) =>
    roles.filter((one) => one !== self && selects(selector, one.labels)).flatMap(({ rules }) => rules),
  );
  return [...new Map(gathered.map((rule) => [JSON.stringify(rule), rule])).values()];
}
