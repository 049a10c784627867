/** What an existing GKE cluster must have before anything is put on it: the list, in the order in which it is checked. */
import { refusal } from "../../shared/errors.ts";
import type { ApiLink } from "./adopt-checks.ts";
import { gkeVersions } from "./gcp-plan.ts";

/** What GKE answers of a cluster. */
export interface FoundGkeCluster {
  name: string;
  /** Kubernetes minor version. */
  version: string;
  workloadPool?: string;
  /** Key that Secrets are sealed with before they reach etcd; none where encryption is off. */
  secretsKey?: string;
  privateNodes: boolean;
  /** Whether the API has no address on the internet. */
  privateEndpoint: boolean;
  /** Networks that may reach it there; undefined where there is no list, which lets everybody in. */
  authorizedNetworks?: string[];
  datapath: string;
  shieldedNodes: boolean;
  legacyAuthorization: boolean;
  /** Of each node pool. */
  metadataModes: string[];
  logged: string[];
}

interface AdoptionCheck {
  what: string;
  seen(found: FoundGkeCluster): unknown;
  holds(found: FoundGkeCluster): boolean;
  allowed: string;
  /** What its owner does about it. */
  todo: string;
}

const needed = ["SYSTEM_COMPONENTS", "APISERVER", "WORKLOADS"];
const update = "gcloud container clusters update";

export const gkeAdoptionChecks: readonly AdoptionCheck[] = [
  {
    what: "Kubernetes version",
    seen: ({ version }) => version,
    holds: ({ version }) => gkeVersions.some((known) => known === version),
    allowed: gkeVersions.join(", "),
    todo: "Upgrade it: gcloud container clusters upgrade.",
  },
  {
    what: "Workload Identity",
    seen: ({ workloadPool }) => workloadPool ?? "off",
    holds: ({ workloadPool }) => workloadPool?.endsWith(".svc.id.goog") === true,
    allowed: "the project's pool, so that pods can take service accounts",
    todo: `Turn it on: ${update} --workload-pool.`,
  },
  {
    what: "metadata servers of node pools",
    seen: ({ metadataModes }) => metadataModes,
    holds: ({ metadataModes }) => metadataModes.length > 0 && metadataModes.every((mode) => mode === "GKE_METADATA"),
    allowed: "GKE_METADATA in every pool: any other hands the node's own account to pods",
    todo: "Turn it on: gcloud container node-pools update --workload-metadata=GKE_METADATA.",
  },
  {
    what: "encryption of Secrets",
    seen: ({ secretsKey }) => secretsKey ?? "none",
    holds: ({ secretsKey }) => secretsKey !== undefined && secretsKey !== "",
    allowed: "a Cloud KMS key",
    todo: `Turn it on: ${update} --database-encryption-key.`,
  },
  {
    what: "private nodes",
    seen: ({ privateNodes }) => privateNodes,
    holds: ({ privateNodes }) => privateNodes,
    allowed: "true",
    todo: `Turn it on: ${update} --enable-private-nodes.`,
  },
  {
    what: "public endpoint",
    seen: ({ authorizedNetworks }) => authorizedNetworks ?? "everybody",
    holds: ({ privateEndpoint, authorizedNetworks }) =>
      privateEndpoint || (authorizedNetworks !== undefined && !authorizedNetworks.includes("0.0.0.0/0")),
    allowed: "off, or a list of networks without 0.0.0.0/0",
    todo: `Narrow it: ${update} --enable-master-authorized-networks.`,
  },
  {
    what: "datapath",
    seen: ({ datapath }) => datapath,
    holds: ({ datapath }) => datapath === "ADVANCED_DATAPATH",
    allowed: "ADVANCED_DATAPATH: without it no NetworkPolicy holds",
    todo: "It cannot be changed: make a new cluster with --enable-dataplane-v2.",
  },
  {
    what: "shielded nodes",
    seen: ({ shieldedNodes }) => shieldedNodes,
    holds: ({ shieldedNodes }) => shieldedNodes,
    allowed: "true",
    todo: `Turn them on: ${update} --enable-shielded-nodes.`,
  },
  {
    what: "legacy authorization",
    seen: ({ legacyAuthorization }) => legacyAuthorization,
    holds: ({ legacyAuthorization }) => !legacyAuthorization,
    allowed: "false: it gives every service account the whole cluster",
    todo: `Turn it off: ${update} --no-enable-legacy-authorization.`,
  },
  {
    what: "logs",
    seen: ({ logged }) => logged,
    holds: ({ logged }) => needed.every((component) => logged.includes(component)),
    allowed: `${needed.join(", ")} among them`,
    todo: `Turn them on: ${update} --logging=SYSTEM,WORKLOAD,API_SERVER.`,
  },
];

/** @throws UserError naming the first check that does not hold, and what the cluster's owner can do. */
export function checkAdoptedGke(found: FoundGkeCluster): void {
  const failed = gkeAdoptionChecks.find(({ holds }) => !holds(found));
  if (!failed) return;
  const { what, allowed, todo } = failed;
  throw refusal({ subject: `${what} of the adopted cluster ${found.name}`, value: failed.seen(found), allowed, todo });
}

/** @throws UserError that names the missing step where the API is private and nothing leads to it. */
export function checkGkeLink({ name, privateEndpoint }: FoundGkeCluster, link: ApiLink): void {
  if (!privateEndpoint || link !== "none") return;
  throw refusal({
    subject: `the way to the API of cluster ${name}, which answers inside its network only (biplane:link)`,
    value: link,
    allowed: "private-link or inside",
    todo: "BYOC: run the stack of phase link with the base's serviceAttachment, then set biplane:link to private-link and biplane:apiAddress to its answer. Self-managed: run Pulumi inside the network and set biplane:link to inside.",
  });
}
