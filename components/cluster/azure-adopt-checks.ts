/** What an existing AKS cluster must have before anything is put on it: the list, in the order in which it is checked. */
import { refusal } from "../../shared/errors.ts";
import type { ApiLink } from "./adopt-checks.ts";
import { aksVersions } from "./azure-plan.ts";

/** What AKS answers of a cluster. */
export interface FoundAksCluster {
  name: string;
  /** Kubernetes minor version. */
  version: string;
  /** URL that pods' tokens are issued by; none where no identity is had by it. */
  issuer?: string;
  workloadIdentity: boolean;
  /** Whether people come by Entra, and by its accounts alone. */
  entra: boolean;
  localAccounts: boolean;
  /** Key that Secrets are sealed with before they reach etcd; none where encryption is off. */
  secretsKey?: string;
  /** By which disks are sealed with a key of the customer's. */
  diskEncryptionSet?: string;
  /** Whether the API has no address on the internet. */
  privateApi: boolean;
  /** Networks that may reach it there; undefined where there is no list, which lets everybody in. */
  authorizedRanges?: string[];
  networkPolicy: string;
  publicNodes: boolean;
  runCommand: boolean;
}

interface AdoptionCheck {
  what: string;
  seen(found: FoundAksCluster): unknown;
  holds(found: FoundAksCluster): boolean;
  allowed: string;
  /** What its owner does about it. */
  todo: string;
}

const update = "az aks update";
const enforcing = ["cilium", "azure", "calico"];

export const aksAdoptionChecks: readonly AdoptionCheck[] = [
  {
    what: "Kubernetes version",
    seen: ({ version }) => version,
    holds: ({ version }) => aksVersions.some((known) => known === version),
    allowed: aksVersions.join(", "),
    todo: "Upgrade it: az aks upgrade.",
  },
  {
    what: "workload identity",
    seen: ({ issuer, workloadIdentity }) => (workloadIdentity ? (issuer ?? "no issuer") : "off"),
    holds: ({ issuer, workloadIdentity }) => workloadIdentity && issuer !== undefined && issuer !== "",
    allowed: "on, with an OIDC issuer, so that pods can take identities",
    todo: `Turn it on: ${update} --enable-oidc-issuer --enable-workload-identity.`,
  },
  {
    what: "sign-in of people",
    seen: ({ entra }) => (entra ? "Entra" : "the cluster's own"),
    holds: ({ entra }) => entra,
    allowed: "Entra",
    todo: `Turn it on: ${update} --enable-aad --enable-azure-rbac.`,
  },
  {
    what: "local accounts",
    seen: ({ localAccounts }) => localAccounts,
    holds: ({ localAccounts }) => !localAccounts,
    allowed: "false: their certificate is the cluster's administrator, and never ends",
    todo: `Turn them off: ${update} --disable-local-accounts.`,
  },
  {
    what: "encryption of Secrets",
    seen: ({ secretsKey }) => secretsKey ?? "none",
    holds: ({ secretsKey }) => secretsKey !== undefined && secretsKey !== "",
    allowed: "a Key Vault key",
    todo: `Turn it on: ${update} --enable-azure-keyvault-kms --azure-keyvault-kms-key-id.`,
  },
  {
    what: "encryption of disks",
    seen: ({ diskEncryptionSet }) => diskEncryptionSet ?? "none",
    holds: ({ diskEncryptionSet }) => diskEncryptionSet !== undefined && diskEncryptionSet !== "",
    allowed: "a disk encryption set",
    todo: "It cannot be changed: make a new cluster with --node-osdisk-diskencryptionset-id.",
  },
  {
    what: "public endpoint",
    seen: ({ authorizedRanges }) => authorizedRanges ?? "everybody",
    holds: ({ privateApi, authorizedRanges = [] }) =>
      privateApi || (authorizedRanges.length > 0 && !authorizedRanges.includes("0.0.0.0/0")),
    allowed: "none, or a list of networks without 0.0.0.0/0",
    todo: `Narrow it: ${update} --api-server-authorized-ip-ranges.`,
  },
  {
    what: "network policy",
    seen: ({ networkPolicy }) => networkPolicy,
    holds: ({ networkPolicy }) => enforcing.includes(networkPolicy),
    allowed: `${enforcing.join(", ")}: without one no NetworkPolicy holds`,
    todo: `Turn it on: ${update} --network-policy cilium --network-dataplane cilium.`,
  },
  {
    what: "public addresses of nodes",
    seen: ({ publicNodes }) => publicNodes,
    holds: ({ publicNodes }) => !publicNodes,
    allowed: "false",
    todo: "Make its pools anew without --enable-node-public-ip.",
  },
  {
    what: "commands through Azure",
    seen: ({ runCommand }) => runCommand,
    holds: ({ runCommand }) => !runCommand,
    allowed: "false: they reach past the cluster's network, as its administrator",
    todo: `Turn them off: ${update} --disable-run-command.`,
  },
];

/** @throws UserError naming the first check that does not hold, and what the cluster's owner can do. */
export function checkAdoptedAks(found: FoundAksCluster): void {
  const failed = aksAdoptionChecks.find(({ holds }) => !holds(found));
  if (!failed) return;
  const { what, allowed, todo } = failed;
  throw refusal({ subject: `${what} of the adopted cluster ${found.name}`, value: failed.seen(found), allowed, todo });
}

/** @throws UserError that names the missing step where the API is private and nothing leads to it. */
export function checkAksLink({ name, privateApi }: FoundAksCluster, link: ApiLink): void {
  if (!privateApi || link !== "none") return;
  throw refusal({
    subject: `the way to the API of cluster ${name}, which answers inside its network only (biplane:link)`,
    value: link,
    allowed: "private-link or inside",
    todo: "BYOC: run the stack of phase link with the base's clusterId, have the connection approved, then set biplane:link to private-link and biplane:apiAddress to its answer. Self-managed: run Pulumi inside the network and set biplane:link to inside.",
  });
}
