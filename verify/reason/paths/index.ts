/** What no single policy shows, joined from what was read: a fact that was not read leaves its part undecided, with the reason. */
import type { Collected, FactName, Facts } from "../../facts.ts";
import type { Target } from "../../target.ts";
import { planeFactNames } from "../iam/plane-world.ts";
import { tell } from "../iam/reach.ts";
import { type Becoming, whoBecomes } from "./become.ts";
import { type BucketWay, waysToBuckets } from "./data.ts";

type Part<T> = { decided: true; found: T } | { decided: false; reason: string };

export interface Paths {
  /** By role name: everybody who can become it from inside the cluster. */
  roles: Record<string, Part<Becoming[]>>;
  buckets: Part<BucketWay[]>;
}

const clusterFacts = [
  ...(["iam", "cluster", "clusterAccess", "serviceAccounts", "pods"] as const),
  ...(["roles", "clusterRoles", "roleBindings", "clusterRoleBindings"] as const),
];
/** @param withRegion whether the region's account was to be read too */
export function pathsOf(collected: Partial<Collected>, target: Target, withRegion: boolean): Paths {
  const cluster = readAll(collected, clusterFacts);
  const account = readAll(collected, withRegion ? [...planeFactNames, "regionIam"] : planeFactNames);
  const becoming = (name: string): Part<Becoming[]> => {
    if (!cluster.decided) return cluster;
    const role = cluster.found.iam.roles.find((one) => one.name === name);
    if (!role) return { decided: false, reason: `the account has no role ${name}` };
    return { decided: true, found: whoBecomes(role, cluster.found) };
  };
  return {
    roles: Object.fromEntries([target.roles.admin, target.roles.user].map((name) => [name, becoming(name)])),
    buckets: account.decided ? { decided: true, found: waysToBuckets(account.found, target) } : account,
  };
}

function readAll(collected: Partial<Collected>, names: readonly FactName[]): Part<Facts> {
  const facts: Partial<Record<FactName, unknown>> = {};
  for (const name of names) {
    const fact = collected[name];
    if (!fact?.read) return { decided: false, reason: `${name}: ${fact ? fact.reason : "was not asked for"}` };
    facts[name] = fact.value;
  }
  return { decided: true, found: facts as Facts };
}

export function renderPaths({ roles, buckets }: Paths): string {
  return [
    ...Object.entries(roles).flatMap(([name, part]) => [
      `Who can become ${name} from inside the cluster`,
      ...told(part, (found) =>
        found.length === 0
          ? ["  nobody"]
          : found.flatMap(({ who, path }) => [`  ${who}`, ...path.map((step) => `    → ${step}`)]),
      ),
      "",
    ]),
    "Whether the control plane, the vendor or a stranger can reach a customer's bucket",
    ...told(buckets, (found) => found.map((way) => `  ${way.principal} → ${way.store} (${way.action}): ${tell(way)}`)),
  ].join("\n");
}

function told<T>(part: Part<T>, words: (found: T) => string[]): string[] {
  return part.decided ? words(part.found) : [`  not decided: ${part.reason}`];
}
