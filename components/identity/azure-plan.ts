/** Which managed identities the plane's pods take in Azure, decided from plain configuration. */
import { refusal } from "../../shared/errors.ts";
import { physicalName } from "../../shared/names.ts";
import type { Isolation, ProjectSpace, Subject } from "./contract.ts";
import { checkDistinct } from "./role-plan.ts";
import { serviceSubjects, taskSubjects } from "./subjects.ts";

export interface IdentityPlanArgs {
  names: { admin: string; user: string };
  org: string;
  /** Namespace of the platform's services. */
  namespace: string;
  secretsInCloud: boolean;
  projects: readonly ProjectSpace[];
  isolation: Isolation;
}

export interface IdentityPlan {
  /** Ends the logical name; empty for the documented one. */
  key: string;
  name: string;
  /** Nobody, for the documented one where each project has its own. */
  subjects: Subject[];
  /** Of the objects that it reaches; undefined for all of both containers. */
  prefix?: string;
}

export interface IdentityPlans {
  admin: IdentityPlan;
  /** The documented one, and as many more as its subjects ask for. */
  users: [IdentityPlan, ...IdentityPlan[]];
  /** Of those namespaces that do not take the documented one. */
  projects: Map<string, IdentityPlan>;
}

/** Source: Entra, "Important considerations and restrictions for federated identity credentials"; Azure RBAC, limits. */
const azureQuotas = {
  /** Federated credentials of one identity. */
  subjects: 20,
  /** Role assignments in a subscription. */
  assignments: 4000,
} as const;

/** Left to the plane's other parts and to whatever else is in the subscription. */
const otherAssignments = 400;
/** Of one identity of task pods: a container each. */
const assignmentsOfUser = 2;

/**
 * The documented user identity is there in both ways; with one for each project nobody can take it. Shared, each identity
 * takes twenty namespaces in the order of the list, so new projects belong at its end: what is before them stays as it is.
 * @throws UserError for a project twice, and where a quota of Azure's would be passed.
 */
export function planIdentities(args: IdentityPlanArgs): IdentityPlans {
  const { names, org, projects, isolation } = args;
  checkDistinct(projects);
  const admin = {
    ...{ key: "", name: physicalName("azure-resource", names.admin) },
    subjects: serviceSubjects(args),
  };
  const shared = isolation === "shared";
  const more = shared ? planShared(args) : projects.map((space) => planOwn(args, space));
  checkAssignments(projects.length, more.length);
  const first = more[0] && shared ? more[0] : nobody(names.user, org);
  const others = shared ? more.slice(1) : more;
  return {
    admin,
    users: [first, ...others],
    projects: new Map(others.flatMap((plan) => plan.subjects.map((subject) => [subject.namespace, plan]))),
  };
}

function nobody(user: string, prefix: string): IdentityPlan {
  return { key: "", name: physicalName("azure-resource", user), subjects: [], prefix };
}

/** The documented one's fellows are numbered from 2. */
function planShared({ names, org, projects }: IdentityPlanArgs): IdentityPlan[] {
  const count = Math.ceil(projects.length / azureQuotas.subjects);
  return Array.from({ length: count }, (_, at) => {
    const key = at === 0 ? "" : `${at + 1}`;
    const taken = projects.slice(at * azureQuotas.subjects, (at + 1) * azureQuotas.subjects);
    return {
      key,
      name: at === 0 ? physicalName("azure-resource", names.user) : physicalName("azure-resource", names.user, key),
      subjects: taskSubjects(taken),
      prefix: org,
    };
  });
}

function planOwn({ names, org }: IdentityPlanArgs, space: ProjectSpace): IdentityPlan {
  const { project, domain } = space;
  return {
    key: space.namespace,
    name: physicalName("azure-resource", names.user, project, domain),
    subjects: taskSubjects([space]),
    prefix: `${org}/${project}/${domain}`,
  };
}

function checkAssignments(projects: number, identities: number): void {
  const most = Math.floor((azureQuotas.assignments - otherAssignments) / assignmentsOfUser);
  if (identities <= most) return;
  throw refusal({
    subject: "biplane:projects",
    value: projects,
    allowed: `so many that their identities are up to ${most}: a subscription holds ${azureQuotas.assignments} role assignments, ${otherAssignments} are left to others`,
    todo: "Use a second subscription.",
  });
}
