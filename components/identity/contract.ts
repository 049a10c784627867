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

/** Task pods run as their namespace's own default account. */
export const taskServiceAccount = "default";

/** The stores that the roles reach. */
export interface PlaneBuckets {
  metadata: string;
  fastRegistration: string;
}
