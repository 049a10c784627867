/** Which roles the plane's pods take, decided from plain configuration. */
import { refusal } from "../../shared/errors.ts";
import { physicalName } from "../../shared/names.ts";
import type { UserPolicyArgs } from "./aws-policies.ts";
import {
  adminServiceAccounts,
  type Isolation,
  type PlaneBuckets,
  type ProjectSpace,
  type Subject,
  secretsServiceAccount,
  taskServiceAccount,
} from "./contract.ts";
import { checkRoleCount, type TrustQuota } from "./quotas.ts";
import { checkSessionTrust, checkTrust, longestIssuer } from "./trust-plan.ts";

export interface RolePlanArgs {
  names: { admin: string; user: string };
  org: string;
  region: string;
  /** Namespace of the platform's services. */
  namespace: string;
  /** The service that keeps users' secrets takes the admin role too. @default false */
  secretsInCloud?: boolean;
  projects: readonly ProjectSpace[];
  buckets: PlaneBuckets;
  isolation: Isolation;
  /** Characters that the account's trust policies may have. @default 2048, what every account has */
  trustQuota?: TrustQuota;
  /** Roles that the account may hold. @default 1000 */
  roleQuota?: number;
}

/** A role of task pods. */
export interface UserRolePlan {
  /** Ends the logical name: empty for the shared one. */
  key: string;
  physicalName: string;
  /** Nobody, for the documented role where each project has its own. */
  subjects: Subject[];
  policy: UserPolicyArgs;
}

export interface RolePlan {
  adminName: string;
  adminSubjects: Subject[];
  user: UserRolePlan;
  /** By namespace; empty where all share one. */
  projects: Map<string, UserRolePlan>;
}

/** Roles that a plane has beside those of its projects, with room for the narrow ones. */
const fixedRoles = 20;

/**
 * The documented user role is there in both ways, since the documented commands name it; with a role for each project
 * nobody can take it.
 * @throws UserError for a project twice, names that IAM refuses, and where a quota of IAM would be passed.
 */
export function planRoles(args: RolePlanArgs): RolePlan {
  const { names, org, projects, buckets, isolation } = args;
  checkDistinct(projects);
  const admins = [...Object.values(adminServiceAccounts), ...(args.secretsInCloud ? [secretsServiceAccount] : [])];
  const adminSubjects = admins.map((serviceAccount) => ({
    namespace: args.namespace,
    serviceAccount,
  }));
  const issuer = longestIssuer(args.region);
  checkSessionTrust({ issuer, subjects: adminSubjects, quota: args.trustQuota });
  const taskPods = projects.map(({ namespace }) => ({ namespace, serviceAccount: taskServiceAccount }));
  const shared = isolation === "shared";
  if (shared) {
    checkTrust({
      setting: "biplane:projects",
      issuer,
      subjects: taskPods,
      quota: args.trustQuota,
    });
  } else {
    checkRoleCount(projects.length, fixedRoles, args.roleQuota);
  }
  return {
    adminName: physicalName("role", names.admin),
    adminSubjects,
    user: {
      key: "",
      physicalName: physicalName("role", names.user),
      subjects: shared ? taskPods : [],
      policy: { org, buckets },
    },
    projects: new Map(shared ? [] : projects.map((space) => [space.namespace, planProjectRole(args, space)])),
  };
}

function planProjectRole({ names, org, buckets }: RolePlanArgs, space: ProjectSpace): UserRolePlan {
  const { project, domain, namespace } = space;
  return {
    key: namespace,
    physicalName: physicalName("role", names.user, project, domain),
    subjects: [{ namespace, serviceAccount: taskServiceAccount }],
    policy: { org, within: { project, domain }, buckets },
  };
}

/** @throws UserError for a namespace twice */
export function checkDistinct(projects: readonly ProjectSpace[]): void {
  const seen = new Set<string>();
  for (const { namespace } of projects) {
    if (seen.has(namespace)) {
      throw refusal({
        subject: "biplane:projects",
        value: namespace,
        allowed: "each namespace <project>-<domain> once",
      });
    }
    seen.add(namespace);
  }
}
