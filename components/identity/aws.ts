import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { WorkloadIssuer } from "../cluster/aws.ts";
import { taskLogGroup } from "../logs/contract.ts";
import type { Tags } from "../ownership/tags.ts";
import { secretPrefix } from "../secrets/names.ts";
import { renderAdminPolicy, renderNoTrust, renderSessionTrust, renderTrust, renderUserPolicy } from "./aws-policies.ts";
import type { Isolation, PlaneBuckets, ProjectSpace, Subject } from "./contract.ts";
import { checkInlinePolicies, iamQuotas, policyLength, type TrustQuota } from "./quotas.ts";
import { planRoles, type UserRolePlan } from "./role-plan.ts";

export interface PlatformRolesArgs {
  /** Names as the documented commands know them. @default adminflyterole, userflyterole */
  names?: { admin: string; user: string };
  org: string;
  clusterName: string;
  region: string;
  account: pulumi.Input<string>;
  issuer: WorkloadIssuer;
  /** Namespace of the platform's services. */
  namespace: string;
  /** Users' secrets are in AWS Secrets Manager: the service that keeps them takes the admin role too. @default false */
  secretsInCloud?: boolean;
  /** Projects whose task pods take a user role. */
  projects: readonly ProjectSpace[];
  buckets: PlaneBuckets;
  /** project: each project and domain has a role that reaches its own prefix only. @default shared */
  isolation?: Isolation;
  /** Characters of a trust policy, where AWS raised the account's quota. @default 2048 */
  trustQuota?: TrustQuota;
  /** Roles per account, where AWS raised the account's quota. @default 1000 */
  roleQuota?: number;
  tags: Tags;
}

/**
 * The roles that a compute plane's pods take with their projected token, and nothing else takes: one for the platform's
 * services, one for task pods or, with `isolation: project`, one for each project and domain beside it.
 * Proved by iam-two-roles-per-plane, lp-roles-bound-by-federation, iam-admin-permission-set, iam-user-permission-set,
 * iam-admin-assumed-by-platform, iam-user-assumed-by-task-pods, iam-roles-narrow, iam-s3-access-per-account-appendix-e
 * and, with isolation, buckets-prefix-scopable and n-project-scoped-roles.
 */
export class PlatformRoles extends pulumi.ComponentResource {
  readonly adminRoleArn: pulumi.Output<string>;
  /** The documented user role; task pods take the one of `roleArnOf`. */
  readonly userRoleArn: pulumi.Output<string>;
  /** Of each project's own role by namespace; empty where all share one. */
  readonly projectRoleArns: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: PlatformRolesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:identity:PlatformRoles", name, {}, opts);
    const { names = { admin: "adminflyterole", user: "userflyterole" }, isolation = "shared" } = args;
    const plan = planRoles({ ...args, names, isolation });

    const admin = createRole(`${name}-admin`, {
      physicalName: plan.adminName,
      description: "Platform services: executor, object store service, log provider",
      subjects: plan.adminSubjects,
      apart: true,
      policy: pulumi
        .output(args.account)
        .apply((account) => renderAdminPolicy({ ...args, ...ownStores(args), account })),
      args,
      parent: this,
    });
    const user = createUserRole(`${name}-user`, plan.user, args, this);
    const projects = [...plan.projects].map(
      ([namespace, role]) => [namespace, createUserRole(`${name}-user-${role.key}`, role, args, this)] as const,
    );

    this.adminRoleArn = admin.arn;
    this.userRoleArn = user.arn;
    this.projectRoleArns = Object.fromEntries(projects.map(([namespace, { arn }]) => [namespace, arn]));
    this.registerOutputs({ adminRoleArn: this.adminRoleArn, userRoleArn: this.userRoleArn });
  }

  /** The role of a namespace's task pods. A namespace that was not declared has none of its own. */
  roleArnOf(namespace: string): pulumi.Output<string> {
    return this.projectRoleArns[namespace] ?? this.userRoleArn;
  }
}

/** Names that the services derive in the same way from the organisation and the cluster. */
function ownStores({ org, clusterName }: PlatformRolesArgs) {
  return { secretPrefix: secretPrefix(org).replace(/\/$/, ""), logGroup: taskLogGroup(org, clusterName) };
}

function createUserRole(name: string, role: UserRolePlan, args: PlatformRolesArgs, parent: pulumi.Resource) {
  const { within } = role.policy;
  const policy = renderUserPolicy(role.policy);
  checkInlinePolicies(role.physicalName, [policy]);
  return createRole(name, {
    ...role,
    description: within ? `Task pods of ${within.project} in ${within.domain}` : "Task pods",
    policy,
    args,
    parent,
  });
}

interface RoleSpec {
  physicalName: string;
  description: string;
  subjects: Subject[];
  /** Each in a session of its own name. @default false */
  apart?: boolean;
  policy: pulumi.Input<object>;
  args: PlatformRolesArgs;
  parent: pulumi.Resource;
}

function createRole(name: string, spec: RoleSpec): aws.iam.Role {
  const { args, parent } = spec;
  const role = new aws.iam.Role(
    name,
    {
      name: spec.physicalName,
      description: spec.description,
      assumeRolePolicy: trustOf(spec),
      maxSessionDuration: 3600,
      tags: args.tags,
    },
    { parent },
  );
  new aws.iam.RolePolicy(
    name,
    {
      name: spec.physicalName,
      role: role.name,
      policy: pulumi.output(spec.policy).apply((document) => JSON.stringify(document)),
    },
    { parent },
  );
  return role;
}

/** The plan was counted with an issuer as long as EKS makes them; a longer one is a bug of that assumption. */
function trustOf({ subjects, apart, args, physicalName }: RoleSpec): pulumi.Output<string> {
  const quota = args.trustQuota ?? iamQuotas.trustPolicy.default;
  return pulumi.all([args.issuer.providerArn, args.issuer.issuer]).apply(([providerArn, issuer]) => {
    const render = apart ? renderSessionTrust : renderTrust;
    const trust = subjects.length > 0 ? render({ providerArn, issuer, subjects }) : renderNoTrust(providerArn);
    if (policyLength(trust) > quota) {
      throw new Error(`the trust policy of ${physicalName} has ${policyLength(trust)} characters: issuer ${issuer}`);
    }
    return JSON.stringify(trust);
  });
}
