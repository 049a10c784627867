import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { WorkloadIssuer } from "../cluster/aws.ts";
import type { Tags } from "../ownership/tags.ts";
import { renderAdminPolicy, renderTrust, renderUserPolicy } from "./aws-policies.ts";
import { adminServiceAccounts, type PlaneBuckets, type Subject, taskServiceAccount } from "./contract.ts";

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
  /** Namespaces whose task pods take the user role. */
  projectNamespaces: string[];
  buckets: PlaneBuckets;
  tags: Tags;
}

/**
 * The two platform roles of a compute plane, taken by pods with their projected token and by nothing else.
 * Proved by verify-iam-roles-inspect and the trust and permission rows around it.
 */
export class PlatformRoles extends pulumi.ComponentResource {
  readonly adminRoleArn: pulumi.Output<string>;
  readonly userRoleArn: pulumi.Output<string>;

  constructor(name: string, args: PlatformRolesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:identity:PlatformRoles", name, {}, opts);
    const { org, clusterName, region, buckets } = args;
    const names = args.names ?? { admin: "adminflyterole", user: "userflyterole" };

    const admin = createRole(`${name}-admin`, {
      physicalName: names.admin,
      description: "Platform services: executor, object store service, log provider",
      subjects: Object.values(adminServiceAccounts).map((serviceAccount) => ({
        namespace: args.namespace,
        serviceAccount,
      })),
      policy: pulumi.output(args.account).apply((account) =>
        renderAdminPolicy({
          buckets,
          region,
          account,
          secretPrefix: `biplane/${org}`,
          logGroup: `/biplane/${org}/${clusterName}`,
        }),
      ),
      args,
      parent: this,
    });
    const user = createRole(`${name}-user`, {
      physicalName: names.user,
      description: "Task pods",
      subjects: args.projectNamespaces.map((namespace) => ({ namespace, serviceAccount: taskServiceAccount })),
      policy: renderUserPolicy({ org, buckets }),
      args,
      parent: this,
    });

    this.adminRoleArn = admin.arn;
    this.userRoleArn = user.arn;
    this.registerOutputs({ adminRoleArn: this.adminRoleArn, userRoleArn: this.userRoleArn });
  }
}

interface RoleSpec {
  physicalName: string;
  description: string;
  subjects: Subject[];
  policy: pulumi.Input<object>;
  args: PlatformRolesArgs;
  parent: pulumi.Resource;
}

function createRole(name: string, spec: RoleSpec): aws.iam.Role {
  const { subjects, args, parent } = spec;
  const trust = pulumi
    .all([args.issuer.providerArn, args.issuer.issuer])
    .apply(([providerArn, issuer]) => JSON.stringify(renderTrust({ providerArn, issuer, subjects })));
  const role = new aws.iam.Role(
    name,
    {
      name: physicalName("role", spec.physicalName),
      description: spec.description,
      assumeRolePolicy: trust,
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
