import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { ManagementLevel } from "../admission/management.ts";
import { customRoleId, workloadIdentityUser } from "../identity/gcp-roles.ts";
import { managementPermissions } from "./gcp-levels.ts";
import { planVendorRoles, roleAttribute, sessionsOf, trustCondition } from "./gcp-trust.ts";

export interface ManagementAccountArgs {
  project: string;
  clusterName: string;
  /** ARNs of the vendor's roles, all of one AWS account. */
  principals: readonly string[];
  level: ManagementLevel;
}

/** Pools keep their id for 30 days after they are gone. */
const provider = "vendor";

export function managementAccountId(clusterName: string): string {
  return physicalName("service-account", clusterName, "management");
}

/**
 * The one way of the vendor into a BYOC customer's project: an account that exactly named roles of the vendor's AWS
 * account become for an hour at most, without a key and without a path to data or to more rights.
 * Proved by human-no-iam-credentials, human-no-data-store-access, model-byoc-separated-from-data and
 * n-byoc-policy-not-data.
 */
export class ManagementAccount extends pulumi.ComponentResource {
  /** E-mail: the user that Kubernetes knows it as. */
  readonly email: pulumi.Output<string>;
  /** Of the pool's provider, for the vendor's credential configuration. */
  readonly provider: pulumi.Output<string>;

  constructor(name: string, args: ManagementAccountArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:management:ManagementAccount", name, {}, opts);
    const { project, clusterName, level } = args;
    const vendor = planVendorRoles(args.principals);
    const account = new gcp.serviceaccount.Account(
      name,
      {
        ...{ project, accountId: managementAccountId(clusterName), displayName: `Management of ${clusterName}` },
        description: `Operation of the cluster by its vendor: ${level}`,
      },
      { parent: this },
    );
    const granted = grant(name, account, args, this);
    const pool = new gcp.iam.WorkloadIdentityPool(
      name,
      {
        ...{ project, workloadIdentityPoolId: physicalName("service-account", clusterName, "vendor") },
        description: "The vendor's own roles, and nobody else",
      },
      { parent: this },
    );
    const trusted = new gcp.iam.WorkloadIdentityPoolProvider(
      name,
      {
        ...{ project, workloadIdentityPoolId: pool.workloadIdentityPoolId, workloadIdentityPoolProviderId: provider },
        aws: { accountId: vendor.account },
        attributeMapping: { "google.subject": "assertion.arn", "attribute.aws_role": roleAttribute },
        attributeCondition: trustCondition(vendor),
      },
      { parent: this },
    );
    const become = sessionsOf(vendor).map(
      (session, at) =>
        new gcp.serviceaccount.IAMMember(
          `${name}-${at}`,
          {
            ...{ serviceAccountId: account.name, role: workloadIdentityUser },
            member: pulumi.interpolate`principalSet://iam.googleapis.com/${pool.name}/attribute.aws_role/${session}`,
          },
          { parent: this },
        ).id,
    );
    this.email = pulumi.all([account.email, granted.id, pulumi.all(become)]).apply(([email]) => email);
    this.provider = trusted.name;
    this.registerOutputs({ email: this.email });
  }
}

function grant(
  name: string,
  account: gcp.serviceaccount.Account,
  { project, clusterName, level }: ManagementAccountArgs,
  parent: pulumi.Resource,
) {
  const role = new gcp.projects.IAMCustomRole(
    name,
    {
      ...{ project, roleId: customRoleId(clusterName, "management"), title: `Management, ${level}` },
      permissions: [...managementPermissions[level]],
    },
    { parent },
  );
  return new gcp.projects.IAMMember(name, { project, role: role.id, member: account.member }, { parent });
}
