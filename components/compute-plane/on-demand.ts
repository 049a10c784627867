/** Project-domains whose objects the sync service makes, when the region has the project: its mark, and its rights. */
import { rbacGroup } from "../workloads/grant-plan.ts";
import { managedByLabel } from "../workloads/labels.ts";
import { type Permission, permissionsOf } from "./permissions.ts";
import { type ProjectDomain, projectNamespace } from "./project-domain.ts";
import { type Manifest, manifestsOf, type ProjectSettings, planProject } from "./project-plan.ts";

/** A project-domain as a stack declares it: cloud roles, prefixes and policies know it from the beginning. */
export interface DeclaredProject extends ProjectDomain {
  /** Its Kubernetes objects are made when the region has the project. @default false: the stack makes them */
  onDemand?: boolean;
}

export const syncAccount = "sync";

/** Field manager of what it writes, and the mark of what it made. */
export const syncManager = "biplane-sync";

/** Whoever wrote this label made the object; the sync leaves alone what does not bear it. */
export const syncMark = { [managedByLabel]: syncManager };

export function marked(manifest: Manifest): Manifest {
  const { metadata } = manifest;
  return { ...manifest, metadata: { ...metadata, labels: { ...metadata.labels, ...syncMark } } };
}

export function isMarked(object: { metadata?: { labels?: Record<string, string> } } | undefined): boolean {
  return object?.metadata?.labels?.[managedByLabel] === syncManager;
}

/** Kubernetes makes one account by itself in each new namespace: what we make of it is ours. */
export function isKubernetesOwn({ kind, metadata }: Pick<Manifest, "kind" | "metadata">): boolean {
  return kind === "ServiceAccount" && metadata.name === "default";
}

/** A Secret's content is never read back: it is written, and written again. */
export function isWriteOnly({ kind }: Pick<Manifest, "kind">): boolean {
  return kind === "Secret";
}

/** Plurals of the kinds that the plan has. */
const plurals: Record<string, string> = {
  Namespace: "namespaces",
  ResourceQuota: "resourcequotas",
  LimitRange: "limitranges",
  NetworkPolicy: "networkpolicies",
  ServiceAccount: "serviceaccounts",
  Secret: "secrets",
  Role: "roles",
  RoleBinding: "rolebindings",
};

/** The kind as paths and rules name it. @throws for a kind that no plan has: a programming error */
export function pluralOf({ kind }: Pick<Manifest, "kind">): string {
  const plural = plurals[kind];
  if (!plural) throw new Error(`no plan has a ${kind}`);
  return plural;
}

/** What the plan of every project-domain depends on. */
type Serves = Pick<ProjectSettings, "servesApps">;

/** The objects of any project-domain by kind and name, which are the same in each. */
function plannedNames(
  serves: Serves,
): Map<string, { group: string; resource: string; names: string[]; writeOnly: boolean }> {
  const plan = planProject({ project: "any", domain: "any" }, { org: "any", dnsServers: [], ...serves });
  const byKind = new Map<string, { group: string; resource: string; names: string[]; writeOnly: boolean }>();
  for (const manifest of manifestsOf(plan, { platform: "any", identity: "any", apiKey: "any" })) {
    const { apiVersion, kind, metadata } = manifest;
    if (kind === "Namespace") continue;
    const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
    const known = byKind.get(kind);
    if (known) known.names.push(metadata.name);
    else {
      const resource = pluralOf(manifest);
      byKind.set(kind, { group, resource, names: [metadata.name], writeOnly: isWriteOnly(manifest) });
    }
  }
  return byKind;
}

/**
 * Rights of the sync: each by name, also to create, since it makes objects by applying them under their names (a POST,
 * whose name RBAC does not see, it may not do). Namespaces are those that the stack declares; the other names are the
 * plan's, in whatever namespace they are, and there an admission policy narrows them further. It holds none of the
 * rights that it hands on: `escalate` and `bind`, for the plan's roles.
 */
export function syncPermissions(onDemand: readonly ProjectDomain[], serves: Serves = {}): Permission[] {
  if (onDemand.length === 0) return [];
  return [
    {
      role: "sync",
      account: syncAccount,
      where: "cluster",
      standsFor: ["clustersync-resource"],
      rules: [
        {
          apiGroups: [""],
          resources: ["namespaces"],
          resourceNames: onDemand.map(projectNamespace),
          verbs: ["create", "get", "patch"],
        },
        ...[...plannedNames(serves).values()].map(({ group, resource, names, writeOnly }) => ({
          apiGroups: [group],
          resources: [resource],
          resourceNames: names,
          verbs: [
            "create",
            ...(writeOnly ? [] : ["get"]),
            "patch",
            ...(group === rbacGroup && resource === "roles" ? ["bind", "escalate"] : []),
          ].sort(),
        })),
      ],
    },
    {
      role: "sync",
      account: syncAccount,
      where: "platform",
      standsFor: [],
      // What it left alone is told by an event about its own Deployment.
      rules: [{ apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] }],
    },
  ];
}

/** The whole table of a plane. */
export function allPermissions(onDemand: readonly ProjectDomain[], serves: Serves = {}): Permission[] {
  return [...permissionsOf(serves), ...syncPermissions(onDemand, serves)];
}

/** Name of the sync's ClusterRole and its binding. */
export const syncClusterRole = (platform: string) => `${platform}-sync`;

export function onDemandOf<Project extends DeclaredProject>(projects: readonly Project[]): Project[] {
  return projects.filter(({ onDemand }) => onDemand === true);
}
