/** Roles and bindings of a cluster, read from manifests. Aggregated roles are filled as the controller fills them. */
import { z } from "zod";
import { type Manifest, namespaceOf } from "../input/manifests.ts";
import { listOf, maybe, parseOrRefuse } from "../input/parsed.ts";
import { type LabelSelector, labelSelector, selects } from "../labels.ts";
import { builtInsLeftOut } from "./built-in.ts";
import { type PolicyRule, policyRule } from "./rules.ts";

const group = "rbac.authorization.k8s.io";

const role = z.object({
  rules: listOf(policyRule),
  aggregationRule: maybe(z.object({ clusterRoleSelectors: listOf(labelSelector) })),
});

const binding = z.object({
  roleRef: z.object({
    apiGroup: maybe(z.enum(["", group], group)),
    kind: z.enum(["Role", "ClusterRole"], "Role or ClusterRole"),
    name: z.string(),
  }),
  subjects: listOf(
    z
      .object({
        kind: z.enum(["User", "Group", "ServiceAccount"], "User, Group or ServiceAccount"),
        name: z.string(),
        namespace: maybe(z.string()),
        apiGroup: maybe(z.string()),
      })
      .refine(
        ({ kind, apiGroup = "" }) => apiGroup === "" || (kind !== "ServiceAccount" && apiGroup === group),
        `the apiGroup ${group} with User and Group, and none with ServiceAccount`,
      ),
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
  /** Titles of those that gather more than the manifests tell. */
  untold: ReadonlySet<string>;
  bindings: readonly Binding[];
  /** What stands in aggregated roles themselves, which their controller overwrites, or has written. */
  written: readonly PolicyRule[];
}

export function readRoles(manifests: readonly Manifest[]): Roles {
  const ours = manifests.filter((manifest) => manifest.group === group);
  const own = ours.filter(({ kind }) => kind === "Role");
  const ofCluster = clusterRoles(ours);
  const titled = ofCluster.map(({ title, rules }) => [title, rules] as const);
  return {
    rules: new Map([...own.map((one) => [titleOf(one), parsedRole(one).rules] as const), ...titled]),
    untold: new Set(ofCluster.filter(({ untold }) => untold).map(({ title }) => title)),
    written: ofCluster.flatMap(({ written }) => written),
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
  untold: boolean;
  written: readonly PolicyRule[];
}

/** What stands in an aggregated role itself is overwritten, so that it never counts. */
function clusterRoles(manifests: readonly Manifest[]): ClusterRole[] {
  const written = manifests.filter(({ kind }) => kind === "ClusterRole");
  const leftOut = builtInsLeftOut(written.map(({ name }) => name));
  const roles = written.map((manifest): ClusterRole => {
    const { rules, aggregationRule } = parsedRole(manifest);
    const gathers = aggregationRule?.clusterRoleSelectors;
    const untold =
      gathers?.some((selector) =>
        leftOut.some(({ name, labels }) => name !== manifest.name && selects(selector, labels)),
      ) ?? false;
    const own = gathers ? { rules: [], written: rules } : { rules, written: [] };
    return { title: titleOf(manifest), labels: manifest.labels, gathers, untold, ...own };
  });
  // One aggregated role may gather another; rounds until none of them grows.
  for (let grown = true; grown; ) {
    grown = false;
    for (const one of roles) {
      const others = one.gathers ? gathered(one, one.gathers, roles) : [];
      const rules = one.gathers ? distinct(others.flatMap((other) => other.rules)) : one.rules;
      const untold = one.untold || others.some((other) => other.untold);
      if (rules.length === one.rules.length && untold === one.untold) continue;
      Object.assign(one, { rules, untold });
      grown = true;
    }
  }
  return roles;
}

function gathered(
  self: ClusterRole,
  selectors: readonly LabelSelector[],
  roles: readonly ClusterRole[],
): ClusterRole[] {
  return selectors.flatMap((selector) => roles.filter((one) => one !== self && selects(selector, one.labels)));
}

function distinct(rules: readonly PolicyRule[]): PolicyRule[] {
  return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
}
