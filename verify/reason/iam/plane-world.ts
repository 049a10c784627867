/** A customer's account as the search of ways sees it, from what was read of it. */
import { secretPrefix } from "../../../components/secrets/names.ts";
import type { Facts } from "../../facts.ts";
import { registeredName, type Target } from "../../target.ts";
import { type ClusterEntry, clusterEntries, clusterEntryFacts } from "../cluster-entries.ts";
import { parsePolicy } from "../iam-policy.ts";
import { globMatches } from "./glob.ts";
import { type Store, storesOf } from "./who-can.ts";
import type { AccessEntry, Entity, World } from "./world.ts";

/** What the search of ways needs to have been read. */
export const planeFactNames = [
  ...(["iam", "principals", ...clusterEntryFacts] as const),
  ...(["buckets", "repositories", "keys", "stores"] as const),
] as const;

export type PlaneFacts = Pick<Facts, (typeof planeFactNames)[number]>;

/** Somebody of another account who has every right there: what counts is what this account lets in. */
export const stranger: Entity = {
  arn: "arn:aws:iam::999999999999:role/stranger",
  kind: "role",
  inline: [{ document: parsePolicy(JSON.stringify({ Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] })) }],
  attached: [],
};

/** @param guests principals of other accounts that try */
export function planeWorld(facts: PlaneFacts, guests: readonly Entity[]): World {
  const { iam, principals, cluster, buckets, repositories, keys, stores } = facts;
  const issuer = cluster.issuer.replace(/^https:\/\//, "");
  const provider = iam.oidcProviders.find(({ url }) => url.replace(/^https:\/\//, "") === issuer);
  return {
    ...principals,
    entities: [...principals.entities, ...guests],
    resources: [
      ...buckets.map(({ name, policy }) => ({ arn: `arn:aws:s3:::${name}`, policy })),
      ...repositories.map(({ arn, policy }) => ({ arn, policy })),
      ...keys.map(({ arn, policy }) => ({ arn, policy })),
      ...stores.secrets.map(({ arn, policy }) => ({ arn, policy })),
    ],
    clusters: provider ? [{ arn: cluster.arn, providerArn: provider.arn }] : [],
    accessEntries: clusterEntries(facts).flatMap((entry) =>
      meantBy(entry, principals.entities).map((principalArn) => ({
        clusterArn: cluster.arn,
        principalArn,
        power: powerOf(entry),
      })),
    ),
  };
}

/** Who comes in by an entry: aws-auth names a role without its path, and a whole account at once. */
function meantBy({ principalArn, by }: ClusterEntry, entities: readonly Entity[]): string[] {
  if (by === "access entry") return [principalArn];
  const account = /^arn:aws[\w-]*:iam::\d{12}:(?=root$)/.exec(principalArn)?.[0];
  const meant = entities.filter(({ arn }) =>
    account ? arn.startsWith(account) : globMatches(principalArn, arn.replace(/:role\/.*\//, ":role/")),
  );
  return [principalArn, ...meant.map(({ arn }) => arn)];
}

/** Viewing is harmless without Secrets; AmazonEKSAdminViewPolicy shows these too. What an entry with groups only may do is for the cluster's own rules, which other checks read. */
function powerOf({ type, policies, groups }: ClusterEntry): AccessEntry["power"] {
  // Only aws-auth may name groups of Kubernetes' own; an access entry's are refused by EKS, but for a node's.
  if (groups.includes("system:masters")) return "cluster-admin";
  if (groups.includes("system:nodes")) return "node";
  if (/^(EC2|FARGATE|HYBRID|HYPERPOD)/.test(type)) return "node";
  const names = policies.map(({ arn }) => arn.split("/").at(-1) ?? "");
  if (names.some((name) => /ClusterAdmin/.test(name))) return "cluster-admin";
  return names.every((name) => name === "AmazonEKSViewPolicy") ? "none" : "pods";
}

/** Objects, keys, secrets, logs and images of the plane. */
export function planeStores(target: Target): Store[] {
  const { region, account, org, buckets, repository } = target;
  return storesOf({
    region,
    account,
    prefix: org,
    buckets: [buckets.metadata, buckets.fastRegistration],
    secretPrefix: secretPrefix(org).replace(/\/$/, ""),
    logGroup: taskLogGroup(target),
    repository,
  });
}

/** Log group of the task pods. */
export function taskLogGroup(target: Target): string {
  return `/biplane/${target.org}/${registeredName(target)}`;
}
