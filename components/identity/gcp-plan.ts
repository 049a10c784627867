/** Which service accounts the plane's pods take in Google Cloud, decided from plain configuration. */
import { refusal } from "../../shared/errors.ts";
import { physicalName } from "../../shared/names.ts";
import type { Isolation, ProjectSpace, Subject } from "./contract.ts";
import { checkDistinct } from "./role-plan.ts";
import { serviceSubjects, taskSubjects } from "./subjects.ts";

export interface AccountPlanArgs {
  names: { admin: string; user: string };
  org: string;
  /** Namespace of the platform's services. */
  namespace: string;
  secretsInCloud: boolean;
  projects: readonly ProjectSpace[];
  isolation: Isolation;
  /** Service accounts that the project may hold. @default 100, what every project has */
  accountQuota?: number;
}

/** A service account of task pods. */
export interface UserAccountPlan {
  /** Ends the logical name: empty for the shared one. */
  key: string;
  accountId: string;
  /** Nobody, for the documented one where each project has its own. */
  subjects: Subject[];
  /** Of the objects that it reaches. */
  prefix: string;
  description: string;
}

export interface AccountPlan {
  admin: { accountId: string; subjects: Subject[] };
  user: UserAccountPlan;
  /** By namespace; empty where all share one. */
  projects: Map<string, UserAccountPlan>;
}

/** Source: Google Cloud, "IAM quotas and limits". */
const googleQuotas = {
  /** Service accounts in a project; raised on request. */
  accounts: 100,
  /** Members of one allow policy, each binding counted. */
  members: 1500,
} as const;

/** Service accounts that a plane has beside those of its projects, with room for the project's own. */
const fixedAccounts = 20;

/**
 * The documented user account is there in both ways; with one for each project nobody can take it.
 * @throws UserError for a project twice, names that IAM refuses, and where a quota of IAM would be passed.
 */
export function planAccounts(args: AccountPlanArgs): AccountPlan {
  const { names, org, projects, isolation } = args;
  checkDistinct(projects);
  const shared = isolation === "shared";
  if (shared) checkMembers(projects.length);
  else checkAccounts(projects.length, args.accountQuota ?? googleQuotas.accounts);
  return {
    admin: {
      accountId: physicalName("service-account", names.admin),
      subjects: serviceSubjects(args),
    },
    user: {
      key: "",
      accountId: physicalName("service-account", names.user),
      subjects: shared ? taskSubjects(projects) : [],
      prefix: org,
      description: "Task pods",
    },
    projects: new Map(shared ? [] : projects.map((space) => [space.namespace, planOwn(args, space)])),
  };
}

function planOwn({ names, org }: AccountPlanArgs, space: ProjectSpace): UserAccountPlan {
  const { project, domain } = space;
  return {
    key: space.namespace,
    accountId: physicalName("service-account", names.user, project, domain),
    subjects: taskSubjects([space]),
    prefix: `${org}/${project}/${domain}`,
    description: `Task pods of ${project} in ${domain}`,
  };
}

function checkMembers(projects: number): void {
  if (projects <= googleQuotas.members) return;
  throw refusal({
    subject: "biplane:projects",
    value: projects,
    allowed: `up to ${googleQuotas.members}: each is a member of the user account's policy, which holds no more`,
    todo: "Use a second plane.",
  });
}

function checkAccounts(projects: number, quota: number): void {
  if (projects + fixedAccounts <= quota) return;
  throw refusal({
    subject: "biplane:projects",
    value: projects,
    allowed: `up to ${quota - fixedAccounts} with biplane:isolation project: a project of Google Cloud holds ${quota} service accounts, ${fixedAccounts} are left to others`,
    todo: "Have Google raise the quota of service accounts and set biplane:serviceAccountQuota to it, or use a second project.",
  });
}
