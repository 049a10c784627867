/** What every cloud's identities answer: two platform roles, taken by exactly named service accounts. */

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
