/** Who may use the Kubernetes API, as EKS access entries: a typed list, checked before anything is made. */
import type * as pulumi from "@pulumi/pulumi";
import { refusal } from "../../shared/errors.ts";

/** What an entry lets its principal do. Through `groups` it may do what RBAC in the cluster grants these, no more. */
export type AccessGrant =
  | { access: "cluster-admin" }
  | { access: "view"; namespaces?: string[] }
  | { access: "edit" | "admin"; namespaces: string[] }
  | { access: "groups"; groups: string[] };

export type AccessEntry = AccessGrant & {
  /** Says who it is, and names the entry's resources: it must stay. */
  name: string;
  /** An IAM role or user; a role with its whole path. */
  principalArn: pulumi.Input<string>;
};

export interface PlannedEntry {
  name: string;
  principalArn: pulumi.Input<string>;
  kubernetesGroups: string[];
  /** None where only groups are granted. */
  policy?: { arn: string; scope: { type: "cluster" | "namespace"; namespaces?: string[] } };
}

/** Source: EKS user guide, "Review access policy permissions". */
const policies = {
  "cluster-admin": "AmazonEKSClusterAdminPolicy",
  admin: "AmazonEKSAdminPolicy",
  edit: "AmazonEKSEditPolicy",
  view: "AmazonEKSViewPolicy",
} as const;

const subject = "biplane:kubernetes.access";

/**
 * @throws UserError for a list that nobody could administer the cluster by, doubles, principals that EKS does not take,
 * Kubernetes' own groups, and a writing grant that names no namespace.
 */
export function planAccess(entries: AccessEntry[]): PlannedEntry[] {
  if (!entries.some(({ access }) => access === "cluster-admin")) {
    throw refusal({
      subject,
      value: entries.map(({ name, access }) => `${name}: ${access}`),
      allowed: "at least one entry with access cluster-admin",
      todo: "Whoever creates a cluster is not let in by that: name the role that runs Pulumi.",
    });
  }
  return checkedEntries(entries);
}

/** Of a cluster that others administer already: no administrator is asked for. */
export function checkedEntries(entries: AccessEntry[]): PlannedEntry[] {
  for (const [at, entry] of entries.entries()) checkEntry(entry, entries.slice(0, at));
  return entries.map((entry) => ({
    name: entry.name,
    principalArn: entry.principalArn,
    kubernetesGroups: entry.access === "groups" ? entry.groups : [],
    ...policyOf(entry),
  }));
}

function checkEntry(entry: AccessEntry, before: AccessEntry[]): void {
  const { name, principalArn } = entry;
  if (!/^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,29}$/.test(name)) {
    throw refusal({ subject: `${subject}: name`, value: name, allowed: 'a-z, 0-9 and "-", up to 30 characters' });
  }
  if (before.some((other) => other.name === name)) {
    throw refusal({ subject: `${subject}: name`, value: name, allowed: "each name once" });
  }
  if (typeof principalArn === "string") {
    checkPrincipal(principalArn);
    if (before.some((other) => other.principalArn === principalArn)) {
      throw refusal({ subject: `${subject}: principalArn`, value: principalArn, allowed: "each principal once" });
    }
  }
  if (entry.access === "groups") checkGroups(entry.groups);
  if ((entry.access === "edit" || entry.access === "admin") && entry.namespaces.length === 0) {
    const allowed = "the namespaces that it is for; only cluster-admin and view are for the whole cluster";
    throw refusal({ subject: `${subject}: namespaces of ${name}`, allowed });
  }
}

function checkPrincipal(arn: string): void {
  if (/^arn:aws[\w-]*:iam::\d{12}:(?:role|user)\/[\w+=,.@/-]+$/.test(arn)) return;
  throw refusal({
    subject: `${subject}: principalArn`,
    value: arn,
    allowed: "the ARN of an IAM role or user, such as arn:aws:iam::<account>:role/<name>",
    ...(arn.includes(":assumed-role/") ? { todo: "That is a session: name the role that it was taken from." } : {}),
  });
}

function checkGroups(groups: string[]): void {
  const own = groups.find((group) => group.startsWith("system:"));
  if (own) {
    throw refusal({ subject: `${subject}: groups`, value: own, allowed: "groups that do not begin with system:" });
  }
  if (groups.length === 0) throw refusal({ subject: `${subject}: groups`, allowed: "at least one group" });
}

function policyOf(entry: AccessEntry): Pick<PlannedEntry, "policy"> {
  if (entry.access === "groups") return {};
  const namespaces = entry.access === "cluster-admin" ? undefined : entry.namespaces;
  const scope = namespaces ? { type: "namespace" as const, namespaces } : { type: "cluster" as const };
  return { policy: { arn: `arn:aws:eks::aws:cluster-access-policy/${policies[entry.access]}`, scope } };
}
