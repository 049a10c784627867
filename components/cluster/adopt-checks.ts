/** What an existing cluster must have before anything is put on it: the list, in the order in which it is checked. */
import { refusal } from "../../shared/errors.ts";
import { supportedVersions } from "./versions.ts";

/** What EKS answers of a cluster. */
export interface FoundCluster {
  name: string;
  status: string;
  version: string;
  /** URL of the OIDC issuer. */
  issuer?: string;
  /** Key that Secrets are sealed with before they reach etcd. */
  secretsKeyArn?: string;
  endpointPrivateAccess: boolean;
  endpointPublicAccess: boolean;
  publicAccessCidrs: string[];
  logTypes: string[];
  authenticationMode: string;
}

interface AdoptionCheck {
  what: string;
  /** What the cluster has instead. */
  seen(found: FoundCluster): unknown;
  holds(found: FoundCluster): boolean;
  allowed: string;
  /** What its owner does about it. */
  todo: string;
}

const versions = Object.keys(supportedVersions);
const neededLogs = ["audit", "authenticator"];

export const adoptionChecks: readonly AdoptionCheck[] = [
  {
    what: "status",
    seen: ({ status }) => status,
    holds: ({ status }) => status === "ACTIVE" || status === "UPDATING",
    allowed: "ACTIVE",
    todo: "Wait until it is, or name another cluster.",
  },
  {
    what: "Kubernetes version",
    seen: ({ version }) => version,
    holds: ({ version }) => versions.includes(version),
    allowed: versions.join(", "),
    todo: "Upgrade it: aws eks update-cluster-version.",
  },
  {
    what: "OIDC issuer",
    seen: ({ issuer }) => issuer ?? "none",
    holds: ({ issuer }) => issuer?.startsWith("https://") === true,
    allowed: "an https URL, so that pods can take roles",
    todo: "Clusters of EKS 1.13 and before have none: make a new one.",
  },
  {
    what: "envelope encryption of Secrets",
    seen: ({ secretsKeyArn }) => secretsKeyArn ?? "none",
    holds: ({ secretsKeyArn }) => secretsKeyArn !== undefined,
    allowed: "a KMS key of the account",
    todo: "Turn it on: aws eks associate-encryption-config. It cannot be turned off again.",
  },
  {
    what: "private endpoint",
    seen: ({ endpointPrivateAccess }) => endpointPrivateAccess,
    holds: ({ endpointPrivateAccess }) => endpointPrivateAccess,
    allowed: "true",
    todo: "Turn it on: aws eks update-cluster-config.",
  },
  {
    what: "public endpoint",
    seen: ({ publicAccessCidrs }) => publicAccessCidrs,
    holds: ({ endpointPublicAccess, publicAccessCidrs }) =>
      !endpointPublicAccess || (publicAccessCidrs.length > 0 && !publicAccessCidrs.includes("0.0.0.0/0")),
    allowed: "off, or a list of networks without 0.0.0.0/0",
    todo: "Narrow it: aws eks update-cluster-config.",
  },
  {
    what: "control-plane logs",
    seen: ({ logTypes }) => logTypes,
    holds: ({ logTypes }) => neededLogs.every((type) => logTypes.includes(type)),
    allowed: `${neededLogs.join(" and ")} among them: who did what must be on record`,
    todo: "Turn them on: aws eks update-cluster-config.",
  },
  {
    what: "authentication mode",
    seen: ({ authenticationMode }) => authenticationMode,
    holds: ({ authenticationMode }) => authenticationMode.startsWith("API"),
    allowed: "API or API_AND_CONFIG_MAP: access is given by access entries",
    todo: "Change it: aws eks update-cluster-config. It cannot be changed back.",
  },
];

/** @throws UserError naming the first check that does not hold, and what the cluster's owner can do. */
export function checkAdopted(found: FoundCluster): void {
  const failed = adoptionChecks.find(({ holds }) => !holds(found));
  if (!failed) return;
  const { what, allowed, todo } = failed;
  throw refusal({ subject: `${what} of the adopted cluster ${found.name}`, value: failed.seen(found), allowed, todo });
}

/** private-link: by the region's endpoint; inside: from the cluster's own network; none: neither. */
export type ApiLink = "private-link" | "inside" | "none";

/** @throws UserError that names the missing step where the API is private and nothing leads to it. */
export function checkLink({ name, endpointPublicAccess }: FoundCluster, link: ApiLink): void {
  if (endpointPublicAccess || link !== "none") return;
  throw refusal({
    subject: `the way to the API of cluster ${name}, which answers inside its network only (biplane:link)`,
    value: link,
    allowed: "private-link or inside",
    todo: "BYOC: give the base's privateLinkService to the region as biplane:clusterLinks, accept its endpoint in the base (biplane:privateLink.acceptedEndpoints), then set biplane:link to private-link. Self-managed: run Pulumi inside the network and set biplane:link to inside.",
  });
}
