/** Whom an EKS cluster lets in, whichever way its account names them. */
import type { Facts } from "../facts.ts";
import type { ClusterAccessFact } from "../facts-account.ts";

export const clusterEntryFacts = ["cluster", "clusterAccess", "identityMap"] as const;

export type ClusterEntry = ClusterAccessFact["entries"][number] & { by: "access entry" | "aws-auth" };

/** Those of the ConfigMap aws-auth count where the cluster's authentication mode heeds it. */
export function clusterEntries({
  cluster,
  clusterAccess,
  identityMap,
}: Pick<Facts, (typeof clusterEntryFacts)[number]>): ClusterEntry[] {
  const mapped = cluster.authenticationMode === "API" ? [] : identityMap.identities;
  return [
    ...clusterAccess.entries.map((entry) => ({ ...entry, by: "access entry" as const })),
    ...mapped.map((identity) => ({ ...identity, type: "STANDARD", policies: [], by: "aws-auth" as const })),
  ];
}
