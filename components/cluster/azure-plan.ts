/** Everything about an AKS cluster that can be decided, and refused, before anything is made. */
import { refusal } from "../../shared/errors.ts";
import { physicalName } from "../../shared/names.ts";
import { checkPublicCidrs } from "./endpoint.ts";
import { checkPoolSizes, type PoolSpec } from "./pool-sizes.ts";

/** Newest last. Source: AKS, "Supported Kubernetes versions"; patches are taken by the cluster's own channel. */
export const aksVersions = ["1.33", "1.34"] as const;
export const defaultAksVersion = "1.34";

/** Source: AKS, "API server authorized IP ranges", limits. */
const maxAuthorizedRanges = 200;
/** Source: AKS quotas, nodes of a pool. */
const mostNodes = 1000;

/** Nodes of one kind; each pool spans the cluster's zones. */
export interface AksPoolSpec extends PoolSpec {
  vmSize: string;
}

export const defaultAksPools: Record<string, AksPoolSpec> = {
  general: { vmSize: "Standard_D4s_v5", perZone: { min: 1, max: 5 } },
};

export interface PlannedAksPool {
  name: string;
  vmSize: string;
  diskGib: number;
  spot: boolean;
  /** Of the whole pool, over its zones. */
  nodes: { min: number; max: number };
  labels: Record<string, string>;
  /** `<key>=<value>:<effect>` */
  taints: string[];
}

const effects = { NO_SCHEDULE: "NoSchedule", NO_EXECUTE: "NoExecute", PREFER_NO_SCHEDULE: "PreferNoSchedule" } as const;

/** @throws UserError for no pool at all, sizes that cannot be, and a plane that would begin without a node */
export function planAksPools(pools: Record<string, AksPoolSpec>, zones: number): PlannedAksPool[] {
  checkPoolSizes(pools, Math.floor(mostNodes / zones));
  return Object.entries(pools).map(([name, { vmSize, perZone, diskGib = 128, capacity, labels = {}, taints = [] }]) => {
    if (name === systemPool) {
      const allowed = "another name: this one is the pool of the cluster's own add-ons";
      throw refusal({ subject: "biplane:kubernetes.nodePools", value: name, allowed });
    }
    return {
      ...{ name: poolName(name), vmSize, diskGib, labels, spot: capacity === "spot" },
      nodes: { min: perZone.min * zones, max: perZone.max * zones },
      taints: taints.map(({ key, value = "", effect }) => `${key}=${value}:${effects[effect]}`),
    };
  });
}

/** Of the cluster's own add-ons: a cluster has one before it has any other, and nothing else runs there. */
export const systemPool = "system";

function poolName(name: string): string {
  if (/^[a-z][a-z0-9]{0,11}$/.test(name)) return physicalName("aks-pool", name);
  throw refusal({
    subject: "biplane:kubernetes.nodePools",
    value: name,
    allowed: "names of a-z and 0-9, beginning with a letter, up to 12: AKS takes no others",
  });
}

/** @throws UserError unless AKS is known to run it and the kit was made for it */
export function checkAksVersion(version: string): string {
  if (aksVersions.some((known) => known === version)) return version;
  throw refusal({
    subject: "biplane:kubernetes.version",
    value: version,
    allowed: aksVersions.join(", "),
    todo: "AKS upgrades one minor version at a time.",
  });
}

/**
 * Private, or on the internet for listed networks: AKS knows no API that is both.
 * @throws UserError as for EKS: the whole internet, anything wider than a /16, doubles, and more than AKS's limit
 */
export function planAksEndpoint(publicCidrs: string[] = []) {
  checkPublicCidrs(publicCidrs, { most: maxAuthorizedRanges, whose: "AKS" });
  // Who may use it could run any command in the cluster as its administrator, through Azure and past its network.
  const closed = { disableRunCommand: true };
  if (publicCidrs.length > 0) return { ...closed, enablePrivateCluster: false, authorizedIPRanges: publicCidrs };
  return { ...closed, enablePrivateCluster: true, enablePrivateClusterPublicFQDN: false, privateDNSZone: "system" };
}

/** Who may use the Kubernetes API, by Azure's RBAC; AKS takes its word beside Kubernetes' own. */
export interface AksAccess {
  name: string;
  /** Object id in Entra. */
  objectId: string;
  kind: "User" | "Group" | "ServicePrincipal";
  access: "cluster-admin" | "view";
}

/** @throws UserError for a name or a principal twice */
export function checkAksAccess(entries: AksAccess[]): AksAccess[] {
  for (const [at, { name, objectId }] of entries.entries()) {
    if (entries.findIndex((other) => other.name === name || other.objectId === objectId) === at) continue;
    const allowed = "each name and each principal once";
    throw refusal({ subject: "biplane:kubernetes.access", value: name, allowed });
  }
  return entries;
}

/** A private cluster has a name of its own inside the network. */
export function hostOf([inside, outside]: readonly [string | undefined, string | undefined]): string {
  return inside || outside || "";
}
