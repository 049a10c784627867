import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import { checkInlinePolicies, checkManagedPolicy } from "../identity/quotas.ts";
import type { Tags } from "../ownership/tags.ts";
import { renderBoundary } from "./boundary.ts";
import { type ManagementLevel, type ManagementScope, renderManagementPolicy } from "./levels.ts";
import { checkManagementTrust, type ManagementTrust, renderManagementTrust } from "./trust.ts";

export interface ManagementRoleArgs extends Omit<ManagementScope, "account"> {
  account: pulumi.Input<string>;
  trust: ManagementTrust;
  /** @default no-delete */
  level?: ManagementLevel;
  tags: Tags;
}

/**
 * The one way of the vendor into a BYOC customer's account: a role for exactly named principals with an ExternalId,
 * under a permissions boundary, without a path to data or to more rights. Roles for the platform itself, whose policies
 * reach data, are made by the stack with the customer's own rights, never by this role.
 * Proved by human-no-iam-credentials, human-no-data-store-access, human-logs-relay-only, model-byoc-separated-from-data,
 * n-byoc-cross-account-external-id and n-byoc-policy-not-data.
 */
export class ManagementRole extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;
  readonly boundaryArn: pulumi.Output<string>;

  constructor(name: string, args: ManagementRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:management:ManagementRole", name, {}, opts);
    const { account, trust, level = "no-delete", cluster, tags } = args;
    const names = planNames(cluster);
    checkDocuments(names.role, args);

    const boundary = new aws.iam.Policy(
      `${name}-boundary`,
      {
        name: names.boundary,
        description: "Ceiling of the management role and of every role that it makes",
        policy: pulumi
          .output(account)
          .apply((owner) =>
            JSON.stringify(renderBoundary(level, { ...args, account: owner }, boundaryArnOf(owner, cluster))),
          ),
        tags,
      },
      { parent: this },
    );
    const role = new aws.iam.Role(
      name,
      {
        name: names.role,
        description: `Operation of cluster ${cluster} by its vendor: ${level}`,
        assumeRolePolicy: JSON.stringify(renderManagementTrust(trust)),
        permissionsBoundary: boundary.arn,
        maxSessionDuration: 3600,
        tags,
      },
      { parent: this },
    );
    const policy = pulumi
      .all([account, boundary.arn])
      .apply(([owner, arn]) => JSON.stringify(renderManagementPolicy(level, { ...args, account: owner }, arn)));
    const granted = new aws.iam.RolePolicy(name, { name: names.role, role: role.name, policy }, { parent: this });

    this.arn = pulumi.all([role.arn, granted.id]).apply(([arn]) => arn);
    this.boundaryArn = boundary.arn;
    this.registerOutputs({ arn: this.arn, boundaryArn: this.boundaryArn });
  }
}

/** Who operates the plane: `self-managed` makes no vendor principal of any kind. */
export type ManagementArgs = { model: "self-managed" } | ({ model: "byoc" } & ManagementRoleArgs);

/** @returns the vendor's role for BYOC; for self-managed nothing is made, and there is nothing to answer. */
export function createManagement(
  name: string,
  args: ManagementArgs,
  opts?: pulumi.ComponentResourceOptions,
): ManagementRole | undefined {
  if (args.model === "self-managed") return undefined;
  const { model: _, ...roleArgs } = args;
  return new ManagementRole(name, roleArgs, opts);
}

/** Physical names; no managed role of the vendor's can have either, since those begin with `<cluster>-managed-`. */
export function planNames(cluster: string): { role: string; boundary: string } {
  return {
    role: physicalName("role", cluster, "management"),
    boundary: physicalName("role", cluster, "management-boundary"),
  };
}

function boundaryArnOf(account: string, cluster: string): string {
  return `arn:aws:iam::${account}:policy/${planNames(cluster).boundary}`;
}

/** All that can be refused is refused here, with an account number of the right length: the real one is known later. */
function checkDocuments(role: string, args: ManagementRoleArgs): void {
  const { cluster, level = "no-delete" } = args;
  const scope = { ...args, account: "0".repeat(12) };
  const boundaryArn = boundaryArnOf(scope.account, cluster);
  checkManagementTrust(args.trust);
  checkManagedPolicy(planNames(cluster).boundary, renderBoundary(level, scope, boundaryArn));
  checkInlinePolicies(role, [renderManagementPolicy(level, scope, boundaryArn)]);
}
