/** What no single policy shows, joined from what was read: a fact that was not read leaves its part undecided, with the reason. */

import { messageOf } from "../../../shared/errors.ts";
import type { Collected, FactName, Facts } from "../../facts.ts";
import { ownNamespaces, type Target } from "../../target.ts";
import { planeFactNames } from "../iam/plane-world.ts";
import { tell } from "../iam/reach.ts";
import { type Becoming, whoBecomes } from "./become.ts";
import { type BucketWay, waysToBuckets } from "./data.ts";
import { type Crossing, crossings } from "./namespaces.ts";

type Part<T> = { decided: true; found: T } | { decided: false; reason: string };

export interface Paths {
  /** By role name: everybody who can become it from inside the cluster. */
  roles: Record<string, Part<Becoming[]>>;
  buckets: Part<BucketWay[]>;
  /** Between the platform's and the projects' namespaces, TCP. */
  namespaces: Part<Crossing[]>;
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
    namespaces: betweenNamespaces(collected, target),
    buckets: account.decided ? { decided: true, found: waysToBuckets(account.found, target) } : account,
  };
}

/** Of Cilium, Calico, the administrator and others. */
const policyKind = /(NetworkPolicy|EgressFirewall)$/;

function betweenNamespaces(collected: Partial<Collected>, target: Target): Part<Crossing[]> {
  const facts = readAll(collected, [
    ...(["namespaces", "nodes", "pods", "services", "networkPolicies", "customResourceDefinitions"] as const),
  ]);
  if (!facts.decided) return facts;
  const foreign = facts.found.customResourceDefinitions.find(({ spec }) => policyKind.test(spec.names.kind));
  if (foreign) {
    const reason = `the cluster knows ${foreign.metadata?.name}, whose policies were not read and may allow or deny more`;
    return { decided: false, reason };
  }
  try {
    return { decided: true, found: crossings(facts.found, ownNamespaces(target)) };
  } catch (error) {
    return { decided: false, reason: messageOf(error) };
  }
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

export function renderPaths({ roles, buckets, namespaces }: Paths): string {
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
    "Which namespaces reach which by TCP, as their policies say",
    ...told(namespaces, (found) => found.flatMap(tellCrossing)),
    "",
    "Whether the control plane, the vendor or a stranger can reach a customer's bucket",
    ...told(buckets, (found) => found.map((way) => `  ${way.principal} → ${way.store} (${way.action}): ${tell(way)}`)),
  ].join("\n");
}

function tellCrossing({ from, to, state, asked, witness }: Crossing): string[] {
  return [
    `  ${from} → ${to}: ${state}, ${asked} questions`,
    ...(witness ? [`    → ${witness.from} to ${witness.to}:${witness.port}: ${witness.because.join("; ")}`] : []),
  ];
}

function told<T>(part: Part<T>, words: (found: T) => string[]): string[] {
  return part.decided ? words(part.found) : [`  not decided: ${part.reason}`];
}
