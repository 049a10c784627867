/** Quotas of IAM, in characters unless said otherwise (AWS: "IAM and AWS STS quotas"), and what to do at each. */
import { refusal } from "../../shared/errors.ts";

export const iamQuotas = {
  /** Of a role's trust policy: what every account has, and what AWS raises it to on request. */
  trustPolicy: { default: 2048, raised: 4096 },
  /** All inline policies of one role together. */
  inlinePolicies: 10_240,
  managedPolicy: 6144,
  /** Roles in an account; AWS raises it on request. */
  roles: 1000,
} as const;

export type TrustQuota = (typeof iamQuotas.trustPolicy)[keyof typeof iamQuotas.trustPolicy];

/** As IAM counts: whitespace between the tokens is free, and ours are written without it. */
export function policyLength(document: object): number {
  return JSON.stringify(document).length;
}

/** @throws UserError if a role's inline policies are longer together than IAM takes. */
export function checkInlinePolicies(role: string, documents: readonly object[]): void {
  const length = documents.reduce((sum, document) => sum + policyLength(document), 0);
  if (length <= iamQuotas.inlinePolicies) return;
  throw refusal({
    subject: `the inline policies of role ${role}`,
    value: `${length} characters`,
    allowed: `up to ${iamQuotas.inlinePolicies}`,
    todo: "Choose shorter names for the organisation, the buckets and the cluster.",
  });
}

/** @throws UserError if a managed policy is longer than IAM takes. */
export function checkManagedPolicy(name: string, document: object): void {
  const length = policyLength(document);
  if (length <= iamQuotas.managedPolicy) return;
  throw refusal({
    subject: `the policy ${name}`,
    value: `${length} characters`,
    allowed: `up to ${iamQuotas.managedPolicy}`,
    todo: "Choose a shorter name for the cluster.",
  });
}

/** @throws UserError if the stack alone makes more roles than an account holds. @param fixed roles beside the projects' */
export function checkRoleCount(projects: number, fixed: number, quota: number = iamQuotas.roles): void {
  if (projects + fixed <= quota) return;
  throw refusal({
    subject: "biplane:projects",
    value: projects,
    allowed: `up to ${quota - fixed} with biplane:isolation project: an account holds ${quota} roles, ${fixed} are the plane's own`,
    todo: "Have AWS raise the quota of roles per account and set biplane:roleQuota to it, or use a second account.",
  });
}
