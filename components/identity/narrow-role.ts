import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { WorkloadIssuer } from "../cluster/aws.ts";
import type { ShipperKind } from "../logs/contract.ts";
import type { Tags } from "../ownership/tags.ts";
import { checkScope, type NarrowRoleKind, narrowRole, renderNarrowPolicy, renderNarrowTrust } from "./narrow-roles.ts";
import { checkInlinePolicies } from "./quotas.ts";

export interface NarrowRoleArgs {
  kind: NarrowRoleKind;
  region: string;
  account: pulumi.Input<string>;
  /** Name of the cluster, or of the stack where there is none; the role's name begins with it. */
  cluster: string;
  /** For roles of pods. @default none */
  issuer?: WorkloadIssuer;
  /** Name of the log group that the role writes; a plain name, so that the documents are known in a preview. */
  logGroup?: string;
  /** Of the pods, for a role whose pods' namespace the stack chooses. @default the table's */
  namespace?: string;
  /** Name of the bucket that the role writes. */
  bucket?: string;
  /** The program that ships logs. @default fluent-bit */
  shipper?: ShipperKind;
  repository?: string;
  tags: Tags;
}

/**
 * One role of the table: taken by one service or one service account, and able to do what the table says.
 * Proved by lp-iam-minimum-permissions and iam-roles-narrow.
 */
export class NarrowRole extends pulumi.ComponentResource {
  /** Answered once the role's policies are on it, so that whoever uses the role can do its work at once. */
  readonly arn: pulumi.Output<string>;
  readonly roleName: pulumi.Output<string>;

  constructor(name: string, args: NarrowRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:identity:NarrowRole", name, {}, opts);
    const { kind, cluster, tags } = args;
    const { description, managed, policy } = narrowRole(kind);
    const physical = physicalName("role", cluster, kind);
    checkScope(kind, args);

    const role = new aws.iam.Role(
      name,
      { name: physical, description, assumeRolePolicy: trustOf(args), maxSessionDuration: 3600, tags },
      { parent: this },
    );
    const attached = managed.map(
      (policyName) =>
        new aws.iam.RolePolicyAttachment(
          `${name}-${policyName.split("/").at(-1)}`,
          { role: role.name, policyArn: `arn:aws:iam::aws:policy/${policyName}` },
          { parent: this },
        ),
    );
    const inline = policy ? [putPolicy(name, kind, role, args, this)] : [];

    const ready = pulumi.all([...attached, ...inline].map(({ id }) => id));
    this.arn = pulumi.all([role.arn, ready]).apply(([arn]) => arn);
    this.roleName = pulumi.all([role.name, ready]).apply(([roleName]) => roleName);
    this.registerOutputs({ arn: this.arn, roleName: this.roleName });
  }
}

function trustOf({ kind, account, issuer, namespace }: NarrowRoleArgs): pulumi.Output<string> {
  return pulumi.all([account, issuer?.providerArn, issuer?.issuer]).apply(([owner, providerArn, url]) =>
    JSON.stringify(
      renderNarrowTrust(kind, {
        account: owner,
        namespace,
        issuer: providerArn && url ? { providerArn, issuer: url } : undefined,
      }),
    ),
  );
}

function putPolicy(
  name: string,
  kind: NarrowRoleKind,
  role: aws.iam.Role,
  { issuer: _, ...args }: NarrowRoleArgs,
  parent: pulumi.Resource,
) {
  const text = pulumi.output(args.account).apply((account) => {
    const document = renderNarrowPolicy(kind, { ...args, account }) ?? {};
    checkInlinePolicies(physicalName("role", args.cluster, kind), [document]);
    return JSON.stringify(document);
  });
  return new aws.iam.RolePolicy(name, { name: kind, role: role.name, policy: text }, { parent });
}
