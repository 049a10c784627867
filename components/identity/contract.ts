/** What every cloud's identities answer: two platform roles, taken by exactly named service accounts. */
import type { Input } from "@pulumi/pulumi";

export type Cloud = "aws" | "gcp" | "azure";

/**
 * By what a Kubernetes service account names the identity that its pods take: a role's ARN, a service account's e-mail, a
 * managed identity's client id.
 */
export const identityAnnotations = {
  aws: "eks.amazonaws.com/role-arn",
  gcp: "iam.gke.io/gcp-service-account",
  azure: "azure.workload.identity/client-id",
} as const satisfies Record<Cloud, string>;

/** A role of AWS's, a service account of Google Cloud's or an identity of Azure's, by what the annotation takes. */
export interface CloudIdentity {
  cloud: Cloud;
  name: Input<string>;
}

/** The identities of one compute plane, by the same names. */
export interface PlaneIdentities {
  /** Of the platform's services. */
  admin: Input<string>;
  /** Of task pods, in each namespace that `projects` does not name. */
  user: Input<string>;
  /** Of single project-domains, by namespace. @default all share `user` */
  projects?: Readonly<Record<string, Input<string>>>;
}

/** The annotations of the service account that takes it. */
export function annotationsOf({ cloud, name }: CloudIdentity): Record<string, Input<string>> {
  return { [identityAnnotations[cloud]]: name };
}

/** What a pod itself must say to be given its account's identity: AKS's webhook looks at the pods that ask for it. */
export function podLabelsOf(identity: Pick<CloudIdentity, "cloud"> | undefined): Record<string, string> {
  return identity?.cloud === "azure" ? { "azure.workload.identity/use": "true" } : {};
}

/** A Kubernetes service account. */
export interface Subject {
  namespace: string;
  serviceAccount: string;
}

/** Service accounts of the platform that take the admin role; the tunnel is none of them: it needs no cloud. */
export const adminServiceAccounts = {
  executor: "executor",
  objectstore: "proxy-system",
  logs: "log-provider",
} as const;

/** Keeps users' secrets. It takes the admin role only where they are in the cloud's own manager. */
export const secretsServiceAccount = "secrets";

/**
 * On AWS these accounts share one role, and what tells them apart there is the session's name: each takes the role under its
 * account's own, which the role's trust asks for and its rights go by. The SDK reads the name from this variable.
 */
export const sessionNameVariable = "AWS_ROLE_SESSION_NAME";

/** Task pods run as their namespace's own default account. */
export const taskServiceAccount = "default";

/** The stores that the roles reach. */
export interface PlaneBuckets {
  metadata: string;
  fastRegistration: string;
}

/** One project in one domain, with the namespace that its task pods run in. */
export interface ProjectSpace {
  project: string;
  domain: string;
  namespace: string;
}

/** `shared`: all task pods take one role. `project`: one role for each project and domain, which reaches nothing else. */
export type Isolation = "shared" | "project";
