/** Everything about a GKE cluster that can be decided, and refused, before anything is made. */
import { refusal } from "../../shared/errors.ts";
import { physicalName } from "../../shared/names.ts";
import { checkPublicCidrs } from "./endpoint.ts";
import { checkPoolSizes, type PoolSpec } from "./pool-sizes.ts";

/** Newest last. Source: GKE release notes; a version is taken by the channel's own patch releases. */
export const gkeVersions = ["1.33", "1.34"] as const;
export const defaultGkeVersion = "1.34";

/** Source: GKE, "Authorized networks", limits. */
const maxAuthorizedNetworks = 100;

/** Nodes of one kind; each pool spans the cluster's zones. */
export interface NodePoolSpec extends PoolSpec {
  machineType: string;
}

export const defaultNodePools: Record<string, NodePoolSpec> = {
  general: { machineType: "n2-standard-4", perZone: { min: 1, max: 5 } },
};

export interface PlannedPool extends Required<Omit<NodePoolSpec, "taints">> {
  name: string;
  taints: { key: string; value: string; effect: string }[];
}

/** Source: GKE quotas, nodes in a node pool's zone. */
const mostNodes = 1000;

/** @throws UserError for no pool at all, sizes that cannot be, and a plane that would begin without a node */
export function planNodePools(pools: Record<string, NodePoolSpec>): PlannedPool[] {
  checkPoolSizes(pools, mostNodes);
  return Object.entries(pools).map(([name, pool]) => ({
    name: physicalName("gke-cluster", name),
    machineType: pool.machineType,
    perZone: pool.perZone,
    diskGib: pool.diskGib ?? 100,
    capacity: pool.capacity ?? "on-demand",
    labels: pool.labels ?? {},
    taints: (pool.taints ?? []).map(({ key, value = "", effect }) => ({ key, value, effect })),
  }));
}

/** Source: GKE, "Encrypt your data in-transit", limitations. */
const mostEncryptedNodes = 500;

/**
 * Of what pods say to pods of other nodes.
 * @throws UserError for pools that may have more nodes together than GKE encrypts between
 */
export function planNodeEncryption(on: boolean, pools: Record<string, NodePoolSpec>, zones: number): string {
  if (!on) return "IN_TRANSIT_ENCRYPTION_DISABLED";
  const most = zones * Object.values(pools).reduce((sum, { perZone }) => sum + perZone.max, 0);
  if (most <= mostEncryptedNodes) return "IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT";
  throw refusal({
    subject: "biplane:kubernetes.nodePools",
    value: `up to ${most} nodes`,
    allowed: `up to ${mostEncryptedNodes} over all pools and zones: GKE encrypts between no more`,
    todo: "Lower perZone.max, or set biplane:kubernetes.nodeEncryption to false.",
  });
}

/** @throws UserError unless GKE is known to run it and the kit was made for it */
export function checkGkeVersion(version: string): string {
  if (gkeVersions.some((known) => known === version)) return version;
  throw refusal({
    subject: "biplane:kubernetes.version",
    value: version,
    allowed: gkeVersions.join(", "),
    todo: "GKE upgrades one minor version at a time.",
  });
}

/** Who reaches the API over the internet; nobody: it has no address there. */
export interface GkeEndpoint {
  enablePrivateEndpoint: boolean;
  cidrBlocks: { cidrBlock: string; displayName: string }[];
}

/**
 * The list is never left out: without one GKE lets everybody in.
 * @throws UserError as for EKS: the whole internet, anything wider than a /16, doubles, and more than GKE's quota
 */
export function planGkeEndpoint(publicCidrs: string[] = []): GkeEndpoint {
  checkPublicCidrs(publicCidrs, { most: maxAuthorizedNetworks, whose: "GKE" });
  const cidrBlocks = publicCidrs.map((cidrBlock, at) => ({ cidrBlock, displayName: `biplane-${at}` }));
  return { enablePrivateEndpoint: publicCidrs.length === 0, cidrBlocks };
}

/** Who may use the Kubernetes API, by Google's IAM; GKE takes its word beside RBAC's. */
export interface GkeAccess {
  name: string;
  /** `user:…`, `group:…` or `serviceAccount:…`. */
  member: string;
  access: "cluster-admin" | "view";
}

export const gkeAccessRoles: Record<GkeAccess["access"], string> = {
  "cluster-admin": "roles/container.admin",
  view: "roles/container.viewer",
};

/** @throws UserError for a name or a member twice, and for everybody */
export function checkGkeAccess(entries: GkeAccess[]): GkeAccess[] {
  const subject = "biplane:kubernetes.access";
  for (const [at, { name, member }] of entries.entries()) {
    if (!/^(?:user|group|serviceAccount):[^\s@:]+@[^\s@]+\.[a-z]{2,}$/.test(member)) {
      throw refusal({
        subject: `${subject}[${at}].member`,
        value: member,
        allowed: "one user, group or service account",
      });
    }
    if (entries.findIndex((other) => other.name === name || other.member === member) !== at) {
      throw refusal({ subject, value: name, allowed: "each name and each member once" });
    }
  }
  return entries;
}
