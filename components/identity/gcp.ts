import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { secretIdPrefix } from "../secrets/names.ts";
import type { PlaneBuckets, PlaneIdentities, Subject } from "./contract.ts";
import { type AccountPlanArgs, planAccounts, type UserAccountPlan } from "./gcp-plan.ts";
import {
  type Condition,
  type CustomRole,
  customRoleId,
  customRoles,
  objectsUnder,
  objectUser,
  podMember,
  secretsUnder,
  workloadIdentityUser,
} from "./gcp-roles.ts";

export interface PlatformAccountsArgs extends Omit<AccountPlanArgs, "names"> {
  /** As the documented commands know them. @default adminflyterole, userflyterole */
  names?: { admin: string; user: string };
  project: string;
  projectNumber: pulumi.Input<string>;
  /** Custom roles begin with it. */
  clusterName: string;
  /** Of the buckets, once they are there. */
  buckets: { [Bucket in keyof PlaneBuckets]: pulumi.Input<string> };
}

/**
 * The service accounts that a compute plane's pods take by Workload Identity, and nobody else takes: one for the
 * platform's services, one for task pods or, with `isolation: project`, one for each project and domain beside it. No
 * key of theirs exists. Objects are theirs bucket by bucket, task pods' under their own prefix; nothing but making and
 * keeping the plane's own secrets is granted in the project.
 * Proved by iam-two-roles-per-plane, lp-roles-bound-by-federation, iam-admin-permission-set, iam-user-permission-set,
 * iam-roles-narrow and, with isolation, buckets-prefix-scopable and n-project-scoped-roles.
 */
export class PlatformAccounts extends pulumi.ComponentResource implements PlaneIdentities {
  /** E-mails, answered once the account may do all that it is for. */
  readonly admin: pulumi.Output<string>;
  readonly user: pulumi.Output<string>;
  readonly projects: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: PlatformAccountsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:identity:PlatformAccounts", name, {}, opts);
    const { names = { admin: "adminflyterole", user: "userflyterole" } } = args;
    const plan = planAccounts({ ...args, names });
    const making = { args, parent: this };

    this.admin = createAdmin(`${name}-admin`, plan.admin, name, making);
    this.user = createUser(`${name}-user`, plan.user, making);
    this.projects = Object.fromEntries(
      [...plan.projects].map(([namespace, own]) => [namespace, createUser(`${name}-user-${own.key}`, own, making)]),
    );
    this.registerOutputs({ admin: this.admin, user: this.user });
  }
}

interface Making {
  args: PlatformAccountsArgs;
  parent: pulumi.Resource;
}

function createAdmin(
  name: string,
  { accountId, subjects }: { accountId: string; subjects: Subject[] },
  prefix: string,
  making: Making,
): pulumi.Output<string> {
  const { args, parent } = making;
  const account = createAccount(name, accountId, "Platform services: executor, object store service, logs", making);
  const role = (kind: CustomRole) => createCustomRole(`${prefix}-${kind}`, kind, making);
  const signs = new gcp.serviceaccount.IAMMember(
    `${name}-signs`,
    { serviceAccountId: account.name, role: role("signer"), member: account.member },
    { parent },
  );
  const objects = grantObjects(name, account, undefined, making);
  const trusted = trustPods(name, account, subjects, making);
  const inProject = (what: CustomRole, condition?: pulumi.Output<Condition>) =>
    new gcp.projects.IAMMember(
      `${name}-${what}`,
      { project: args.project, role: role(what), member: account.member, condition },
      { parent },
    );
  const own = pulumi.output(args.projectNumber).apply((number) => secretsUnder(number, secretIdPrefix(args.org)));
  const secrets = args.secretsInCloud ? [inProject("secretMaker"), inProject("secretKeeper", own)] : [];
  return afterAll(account.email, [signs, ...objects, ...trusted, ...secrets]);
}

function createUser(name: string, plan: UserAccountPlan, making: Making): pulumi.Output<string> {
  const account = createAccount(name, plan.accountId, plan.description, making);
  return afterAll(account.email, [
    ...grantObjects(name, account, plan.prefix, making),
    ...trustPods(name, account, plan.subjects, making),
  ]);
}

function createAccount(name: string, accountId: string, description: string, { args, parent }: Making) {
  const { project, clusterName } = args;
  const displayName = `${accountId} of ${clusterName}`;
  return new gcp.serviceaccount.Account(name, { project, accountId, displayName, description }, { parent });
}

function createCustomRole(name: string, kind: CustomRole, { args, parent }: Making): pulumi.Output<string> {
  const { title, permissions } = customRoles[kind];
  return new gcp.projects.IAMCustomRole(
    name,
    { project: args.project, roleId: customRoleId(args.clusterName, kind), title, permissions: [...permissions] },
    { parent },
  ).id;
}

/** @param prefix of the objects that it reaches; undefined for all of both buckets */
function grantObjects(
  name: string,
  account: gcp.serviceaccount.Account,
  prefix: string | undefined,
  { args, parent }: Making,
): pulumi.CustomResource[] {
  const { metadata, fastRegistration } = args.buckets;
  return Object.entries({ metadata, "fast-reg": fastRegistration }).map(([which, bucket]) => {
    const condition =
      prefix === undefined ? undefined : pulumi.output(bucket).apply((known) => objectsUnder(known, prefix));
    return new gcp.storage.BucketIAMMember(
      `${name}-${which}`,
      { bucket, role: objectUser, member: account.member, condition },
      { parent },
    );
  });
}

/** Exact names: a pod of any other account, whoever made it, is not let in. */
function trustPods(
  name: string,
  account: gcp.serviceaccount.Account,
  subjects: Subject[],
  { args, parent }: Making,
): pulumi.CustomResource[] {
  return subjects.map(
    ({ namespace, serviceAccount }) =>
      new gcp.serviceaccount.IAMMember(
        `${name}-${namespace}-${serviceAccount}`,
        {
          serviceAccountId: account.name,
          role: workloadIdentityUser,
          member: podMember(args.project, namespace, serviceAccount),
        },
        { parent },
      ),
  );
}

function afterAll(email: pulumi.Output<string>, granted: pulumi.CustomResource[]): pulumi.Output<string> {
  return pulumi.all([email, pulumi.all(granted.map(({ id }) => id))]).apply(([known]) => known);
}
