/** Reads the customer's project; every list to its last page, every refusal a recorded fact. Nothing is written. */
import { placesOf } from "../../documented/classification.ts";
import type { Collected, Fact, Facts } from "../../facts.ts";
import type { GoogleBinding } from "../../facts-google.ts";
import type { GoogleTarget } from "../../target.ts";
import { attempt } from "../attempt.ts";
import { readGoogleAccounts } from "./accounts.ts";
import { readGoogleBucket } from "./buckets.ts";
import { clientOf, type Reads, readsOf } from "./client.ts";
import { readGoogleCluster } from "./cluster.ts";
import { readGoogleConstraints } from "./constraints.ts";
import { readGoogleCreations } from "./creations.ts";
import { readGoogleKeys } from "./keys.ts";
import { readGoogleNetwork } from "./network.ts";
import { readGoogleProject } from "./project.ts";
import { readGoogleRepositories } from "./repositories.ts";
import { readGoogleRoles } from "./roles.ts";
import { readGoogleStores } from "./stores.ts";

export type GoogleFactName = Extract<keyof Facts, `google${string}`>;
type GoogleFacts = Pick<Collected, GoogleFactName>;

export async function collectGoogle(target: GoogleTarget): Promise<GoogleFacts> {
  return readGoogle(readsOf(clientOf(target.google)), target);
}

export async function readGoogle(reads: Reads, target: GoogleTarget): Promise<GoogleFacts> {
  const { project, region, clusterName, buckets, accounts } = target;
  const names = [buckets.metadata, buckets.fastRegistration];
  const ask = {
    accounts: `iam: service accounts of ${project}, their keys and policies`,
    creations: `logging, iam: who made ${accounts.admin} and ${accounts.user}, by ${project}'s Admin Activity log`,
    project: `cloudresourcemanager, iam: ${project} and all that it lies in, their allow and deny policies`,
    constraints: `orgpolicy: what transport policies come to in ${project}`,
    buckets: `storage: buckets ${names.join(", ")}, their policies, and what lies in them by prefix`,
    repositories: `artifactregistry: repositories of ${project} in ${region} and their policies`,
    stores: `secretmanager, logging: secrets of ${project}, log buckets with views, their policies, sinks`,
    cluster: `container: cluster ${clusterName} of ${project} in ${region}`,
  };
  const clusterFact = attempt(ask.cluster, () => readGoogleCluster(reads, project, region, clusterName));
  const [
    googleAccounts,
    googleCreations,
    googleProject,
    googleConstraints,
    googleBuckets,
    googleRepositories,
    googleStores,
    googleCluster,
    googleNetwork,
  ] = await Promise.all([
    attempt(ask.accounts, () => readGoogleAccounts(reads, project)),
    attempt(ask.creations, () => readGoogleCreations(reads, project, [accounts.admin, accounts.user])),
    attempt(ask.project, () => readGoogleProject(reads, project)),
    attempt(ask.constraints, () => readGoogleConstraints(reads, project)),
    attempt(ask.buckets, () => Promise.all(names.map((name) => readGoogleBucket(reads, name, placesOf(target))))),
    attempt(ask.repositories, () => readGoogleRepositories(reads, project, region)),
    attempt(ask.stores, () => readGoogleStores(reads, project)),
    clusterFact,
    attempt(`compute: network of cluster ${clusterName} and ways into it`, async () => {
      const cluster = await clusterFact;
      if (!cluster.read) throw new Error(`the cluster tells its network: ${cluster.reason}`);
      return readGoogleNetwork(reads, target, cluster.value.network);
    }),
  ]);
  const seen = { googleAccounts, googleProject, googleBuckets, googleRepositories, googleStores, googleCluster };
  const googleKeys = await attempt("cloudkms: keys that the plane is sealed with, and their policies", () =>
    readGoogleKeys(reads, keysIn(seen)),
  );
  const googleRoles = await attempt("iam: what each role holds that a policy names", () =>
    readGoogleRoles(reads, rolesIn({ ...seen, googleKeys })),
  );
  return { ...seen, googleCreations, googleConstraints, googleNetwork, googleKeys, googleRoles };
}

type Seen = Omit<GoogleFacts, "googleCreations" | "googleConstraints" | "googleNetwork" | "googleKeys" | "googleRoles">;

/** Nothing of what was not read: whoever needs it is not judged anyway. */
function valueIn<T>(fact: Fact<T>): T | undefined {
  return fact.read ? fact.value : undefined;
}

function keysIn(seen: Seen): string[] {
  const stores = valueIn(seen.googleStores);
  return [
    ...(valueIn(seen.googleBuckets) ?? []).map(({ key }) => key),
    ...(valueIn(seen.googleRepositories) ?? []).map(({ key }) => key),
    ...(stores?.secrets ?? []).flatMap(({ replicas }) => replicas.map(({ key }) => key)),
    ...(stores?.logBuckets ?? []).map(({ key }) => key),
    valueIn(seen.googleCluster)?.secretsKey,
  ].filter((key) => key !== undefined);
}

function rolesIn(seen: Seen & Pick<GoogleFacts, "googleKeys">): string[] {
  const stores = valueIn(seen.googleStores);
  const policies: { bindings: GoogleBinding[] }[] = [
    ...(valueIn(seen.googleAccounts) ?? []),
    ...(valueIn(seen.googleProject)?.policies ?? []),
    ...(valueIn(seen.googleBuckets) ?? []),
    ...(valueIn(seen.googleRepositories) ?? []),
    ...(valueIn(seen.googleKeys) ?? []),
    ...(stores?.secrets ?? []),
    ...(stores?.logBuckets ?? []).flatMap(({ views }) => views),
  ];
  return policies.flatMap(({ bindings }) => bindings.map(({ role }) => role));
}
